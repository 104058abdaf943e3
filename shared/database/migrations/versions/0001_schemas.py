"""A schema a service, one for access, one for the log: a service touches its own."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMAS = ("ingest", "classifier", "router", "access", "log")


def upgrade() -> None:
    for schema in SCHEMAS:
        op.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")


def downgrade() -> None:
    for schema in SCHEMAS[:-1]:
        op.execute(f"DROP SCHEMA {schema} CASCADE")
