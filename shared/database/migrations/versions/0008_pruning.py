"""What is pruned is found by its age."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX idempotency_started ON access.idempotency (started_at)")
    op.execute("CREATE INDEX inbox_at ON router.inbox (at)")


def downgrade() -> None:
    op.execute("DROP INDEX access.idempotency_started, router.inbox_at")
