"""The router's tables: conversations, work, agents, rule sets, and the one ordered table of facts.

Two shapes repeat for a reason. Tables whose rows are rewritten often have a low fill factor and no index on a column
that changes, so that updates stay in their page. What must never happen twice is forbidden by a partial unique index
or a check, not by the code path.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FACTS = """
CREATE TABLE router.head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    pos bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO router.head (pos) VALUES (0);

CREATE TABLE router.events (
    pos bigint PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    type text NOT NULL,
    subject text NOT NULL,
    key text NOT NULL,
    cause text,
    actor text,
    data jsonb NOT NULL
);

CREATE TABLE router.term (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    term bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO router.term (term) VALUES (0);

CREATE TABLE router.inbox (
    event_id text PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE router.position (
    stream text NOT NULL,
    part int NOT NULL,
    incarnation text NOT NULL,
    fence bigint NOT NULL,
    pos bigint NOT NULL,
    PRIMARY KEY (stream, part)
) WITH (fillfactor = 10);

CREATE TABLE router.outbox_position (
    reader text PRIMARY KEY,
    pos bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO router.outbox_position VALUES ('routing.events', 0);

CREATE TABLE router.reply_outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text NOT NULL UNIQUE,
    key text NOT NULL,
    data jsonb NOT NULL
);
"""

PEOPLE = """
CREATE TABLE router.contact (
    id uuid PRIMARY KEY,
    name text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE router.identity (
    kind text NOT NULL,
    value text NOT NULL,
    contact_id uuid NOT NULL REFERENCES router.contact,
    PRIMARY KEY (kind, value)
);

CREATE TABLE router.agent (
    id uuid PRIMARY KEY,
    username text NOT NULL UNIQUE,
    name text NOT NULL,
    skills jsonb NOT NULL DEFAULT '{}',
    capacity int NOT NULL DEFAULT 100 CHECK (capacity BETWEEN 0 AND 100),
    load int NOT NULL DEFAULT 0 CHECK (load >= 0),
    presence text NOT NULL DEFAULT 'offline' CHECK (presence IN ('available', 'busy', 'away', 'offline')),
    presence_source text NOT NULL DEFAULT 'lease' CHECK (presence_source IN ('stream', 'lease')),
    lease_until timestamptz,
    stream_seen_at timestamptz,
    idle_since timestamptz NOT NULL DEFAULT now(),
    edition bigint NOT NULL DEFAULT 1,
    version bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 30);

-- Live views drop what is not newer, so a change of anything shown must raise the version, whoever writes it.
-- The edition rises with what people edit only: load must not fail an edit's If-Match.
CREATE FUNCTION router.raise_agent_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version;
    NEW.edition := OLD.edition;
    IF (NEW.skills, NEW.capacity, NEW.name) IS DISTINCT FROM (OLD.skills, OLD.capacity, OLD.name) THEN
        NEW.edition := OLD.edition + 1;
        NEW.version := OLD.version + 1;
    ELSIF (NEW.load, NEW.presence, NEW.presence_source, NEW.lease_until)
            IS DISTINCT FROM (OLD.load, OLD.presence, OLD.presence_source, OLD.lease_until) THEN
        NEW.version := OLD.version + 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER raise_version BEFORE UPDATE ON router.agent
    FOR EACH ROW EXECUTE FUNCTION router.raise_agent_version();
"""

RULES = """
CREATE TABLE router.ruleset (
    version int PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('draft', 'live', 'retired')),
    document jsonb NOT NULL,
    source text NOT NULL,
    author text,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
);
CREATE UNIQUE INDEX ruleset_one_live ON router.ruleset ((true)) WHERE state = 'live';
"""

WORK = """
CREATE TABLE router.conversation (
    id uuid PRIMARY KEY,
    contact_id uuid REFERENCES router.contact,
    channel text NOT NULL,
    key text NOT NULL,
    subject text,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'completed', 'closed')),
    owner_agent uuid REFERENCES router.agent,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

CREATE TABLE router.thread (
    reference text PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES router.conversation
);

CREATE TABLE router.message (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES router.conversation,
    seq bigint NOT NULL,
    sender text NOT NULL CHECK (sender IN ('customer', 'agent')),
    name text,
    channel text NOT NULL,
    text text NOT NULL,
    language text,
    at timestamptz NOT NULL,
    inquiry_id uuid UNIQUE
);
CREATE INDEX message_of_conversation ON router.message (conversation_id, seq, at);

CREATE TABLE router.inquiry (
    id uuid PRIMARY KEY,
    caller text NOT NULL,
    conversation_id uuid,
    work_item_id uuid
);

CREATE TABLE router.work_item (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES router.conversation,
    inquiry_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'offered', 'assigned', 'paused', 'completed', 'closed')),
    version bigint NOT NULL DEFAULT 1,
    channel text NOT NULL,
    language text NOT NULL,
    topic text NOT NULL,
    urgency int NOT NULL,
    subject text,
    facts jsonb NOT NULL,
    classification jsonb NOT NULL,
    route jsonb NOT NULL,
    queue text NOT NULL,
    weight int NOT NULL,
    received_at timestamptz NOT NULL,
    waiting_since timestamptz NOT NULL DEFAULT now(),
    first_response_due timestamptz,
    resolution_due timestamptz,
    first_response_at timestamptz,
    paused_seconds int NOT NULL DEFAULT 0,
    paused_until timestamptz,
    waiting_reason text,
    next_check_at timestamptz,
    declined_by uuid[] NOT NULL DEFAULT '{}',
    lapsed_by uuid[] NOT NULL DEFAULT '{}',
    outcome text,
    note text,
    completed_at timestamptz
) WITH (fillfactor = 50);
CREATE INDEX work_item_of_conversation ON router.work_item (conversation_id);

CREATE TABLE router.offer (
    id uuid PRIMARY KEY,
    work_item_id uuid NOT NULL REFERENCES router.work_item,
    conversation_id uuid NOT NULL,
    inquiry_id uuid NOT NULL,
    agent_id uuid NOT NULL REFERENCES router.agent,
    queue text NOT NULL,
    weight int NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'accepted', 'declined', 'lapsed', 'withdrawn')),
    reason text,
    note text,
    should_be text,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    decision_id uuid NOT NULL,
    term bigint NOT NULL
);
CREATE UNIQUE INDEX offer_one_open ON router.offer (work_item_id) WHERE state = 'open';
CREATE INDEX offer_of_agent ON router.offer (agent_id, made_at DESC);
CREATE INDEX offer_open_of_agent ON router.offer (agent_id) WHERE state = 'open';

CREATE TABLE router.assignment (
    id uuid PRIMARY KEY,
    work_item_id uuid NOT NULL REFERENCES router.work_item,
    conversation_id uuid NOT NULL,
    inquiry_id uuid NOT NULL,
    agent_id uuid NOT NULL REFERENCES router.agent,
    weight int NOT NULL,
    since timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text
);
CREATE UNIQUE INDEX assignment_one_open ON router.assignment (work_item_id) WHERE ended_at IS NULL;
CREATE INDEX assignment_open_of_agent ON router.assignment (agent_id) WHERE ended_at IS NULL;
CREATE INDEX assignment_of_conversation ON router.assignment (conversation_id);

CREATE TABLE router.decision (
    id uuid PRIMARY KEY,
    work_item_id uuid NOT NULL,
    at timestamptz NOT NULL,
    position bigint NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX decision_of_item ON router.decision (work_item_id, at DESC);
"""


def upgrade() -> None:
    for block in (FACTS, PEOPLE, RULES, WORK):
        op.execute(block)


def downgrade() -> None:
    op.execute("DROP SCHEMA router CASCADE; CREATE SCHEMA router")
