"""What was delivered to us, how far it is, and the chat sessions.

``receipt`` is narrow, and its partial indexes hold only what a stage still has to do. Its identity is ``id``, which
follows from caller, door and native id; an ``Idempotency-Key`` beside a native id (voicemail) is unique by itself.
``raw`` keeps the bytes as they came; one mail to several recipients has one row there. ``status`` and ``work_state``
repeat what the router said, guarded by its position, so that a repeat changes nothing.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

RECEIPTS = """
CREATE TABLE ingest.receipt (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    raw_id uuid NOT NULL,
    caller text NOT NULL,
    door text NOT NULL,
    channel text NOT NULL,
    idempotency_key text,
    body_hash bytea NOT NULL,
    key text,
    part smallint,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    published_at timestamptz,
    publish_again_at timestamptz,
    publishes smallint NOT NULL DEFAULT 0,
    routed boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX receipt_idempotency ON ingest.receipt (caller, door, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX receipt_of_caller ON ingest.receipt (caller, seq);
CREATE INDEX receipt_to_normalise ON ingest.receipt (seq) WHERE key IS NULL;
CREATE INDEX receipt_to_publish ON ingest.receipt (seq) WHERE key IS NOT NULL AND published_at IS NULL;
CREATE INDEX receipt_to_publish_again ON ingest.receipt (publish_again_at)
    WHERE published_at IS NOT NULL AND NOT routed;

CREATE TABLE ingest.raw (
    id uuid PRIMARY KEY,
    content_type text NOT NULL,
    bytes bytea NOT NULL
);
ALTER TABLE ingest.raw ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE ingest.inquiry (
    id uuid PRIMARY KEY,
    envelope jsonb NOT NULL,
    own_reference text,
    body jsonb
);
CREATE INDEX inquiry_reference ON ingest.inquiry (own_reference) WHERE own_reference IS NOT NULL;
"""

STATUS = """
CREATE TABLE ingest.status (
    inquiry_id uuid PRIMARY KEY,
    pos bigint NOT NULL,
    state text NOT NULL,
    reason text,
    conversation_id uuid,
    work_item_id uuid,
    classification jsonb,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE ingest.work_state (
    work_item_id uuid PRIMARY KEY,
    pos bigint NOT NULL,
    version bigint NOT NULL,
    state text NOT NULL,
    routing jsonb,
    offer jsonb,
    assignment jsonb,
    outcome text,
    agents text NOT NULL DEFAULT '',
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 50);
"""

CHAT = """
CREATE TABLE ingest.chat_session (
    id uuid PRIMARY KEY,
    site text NOT NULL,
    name text,
    language text,
    last_seq bigint NOT NULL DEFAULT 0,
    context_after bigint NOT NULL DEFAULT 0,
    accepted boolean NOT NULL DEFAULT false,
    started_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

CREATE TABLE ingest.chat_line (
    session_id uuid NOT NULL REFERENCES ingest.chat_session ON DELETE CASCADE,
    seq bigint NOT NULL,
    event_id text NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('customer', 'agent', 'ended')),
    name text,
    text text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (session_id, seq)
);

CREATE TABLE ingest.secret (
    name text PRIMARY KEY,
    value bytea NOT NULL
);
"""


def upgrade() -> None:
    for block in (RECEIPTS, STATUS, CHAT):
        op.execute(block)


def downgrade() -> None:
    op.execute("DROP SCHEMA ingest CASCADE; CREATE SCHEMA ingest")
