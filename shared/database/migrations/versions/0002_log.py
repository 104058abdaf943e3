"""The event log in PostgreSQL, and the quarantine.

``log.head`` is what orders a partition: its row is locked until the publishing transaction commits, so positions
become readable in their order. ``log.position`` says who reads a partition for a group, and how far it is. Rows that
are rewritten often have a low fill factor and no index on what changes, so that updates stay in their page.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STREAMS = """
CREATE TABLE log.stream (
    name text PRIMARY KEY,
    incarnation text NOT NULL DEFAULT gen_random_uuid()::text
);

CREATE TABLE log.head (
    stream text NOT NULL REFERENCES log.stream ON DELETE CASCADE,
    part smallint NOT NULL,
    pos bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (stream, part)
) WITH (fillfactor = 10);

CREATE TABLE log.record (
    stream text NOT NULL,
    part smallint NOT NULL,
    pos bigint NOT NULL,
    id text NOT NULL,
    key text NOT NULL,
    headers jsonb NOT NULL,
    value bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (stream, part, pos)
);
ALTER TABLE log.record ALTER COLUMN value SET STORAGE EXTERNAL;
"""

GROUPS = """
CREATE TABLE log.member (
    stream text NOT NULL,
    grp text NOT NULL,
    member uuid NOT NULL,
    joined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (stream, grp, member)
) WITH (fillfactor = 10);

CREATE TABLE log.generation (
    stream text NOT NULL,
    grp text NOT NULL,
    fence bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (stream, grp)
) WITH (fillfactor = 10);

CREATE TABLE log.position (
    stream text NOT NULL,
    grp text NOT NULL,
    part smallint NOT NULL,
    incarnation text NOT NULL,
    pos bigint NOT NULL DEFAULT 0,
    member uuid,
    PRIMARY KEY (stream, grp, part)
) WITH (fillfactor = 10);
"""

QUARANTINE = """
CREATE TABLE log.quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stage text NOT NULL,
    stream text NOT NULL,
    part smallint NOT NULL,
    pos bigint NOT NULL,
    key text NOT NULL,
    headers jsonb NOT NULL,
    value bytea NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    replayed_at timestamptz,
    UNIQUE (stage, stream, part, pos)
);
"""


def upgrade() -> None:
    for block in (STREAMS, GROUPS, QUARANTINE):
        op.execute(block)


def downgrade() -> None:
    for table in ("quarantine", "position", "generation", "member", "record", "head", "stream"):
        op.execute(f"DROP TABLE log.{table}")
