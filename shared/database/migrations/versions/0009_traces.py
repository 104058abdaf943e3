"""Traces that senders named, so that every fact about their inquiry can carry it."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE router.trace (
            subject text PRIMARY KEY,
            traceparent text NOT NULL,
            at timestamptz NOT NULL DEFAULT now()
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE router.trace")
