"""What is on the log can be put there again: its incarnation is remembered, and answers are kept after they were sent."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE log.seen (reader text PRIMARY KEY, incarnation text NOT NULL)")
    op.execute("ALTER TABLE router.reply_outbox ADD COLUMN sent_at timestamptz")
    op.execute("CREATE INDEX reply_to_send ON router.reply_outbox (id) WHERE sent_at IS NULL")
    op.execute("CREATE INDEX reply_sent ON router.reply_outbox (sent_at)")


def downgrade() -> None:
    op.execute("DELETE FROM router.reply_outbox WHERE sent_at IS NOT NULL")
    op.execute("ALTER TABLE router.reply_outbox DROP COLUMN sent_at")
    op.execute("DROP TABLE log.seen")
