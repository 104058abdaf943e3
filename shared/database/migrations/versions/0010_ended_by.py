"""The key of the command that ended an assignment, so that it is known when it is sent again."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE router.assignment ADD ended_by text")


def downgrade() -> None:
    op.execute("ALTER TABLE router.assignment DROP ended_by")
