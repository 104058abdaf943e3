"""A customer who ends a chat has left: ingest tells it once, the router shows it until they write again."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE ingest.chat_session ADD left_at timestamptz")
    op.execute("CREATE INDEX chat_session_left ON ingest.chat_session (left_at) WHERE left_at IS NOT NULL")
    op.execute("ALTER TABLE router.conversation ADD customer_left_at timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE router.conversation DROP customer_left_at")
    op.execute("ALTER TABLE ingest.chat_session DROP left_at")
