"""Records that wait for another try behind their key; and a quarantine whose records can be mended and come back.

A place in the log (stream, partition, position) names a record only until the log is wiped and grows again, so what
is the same is told by its ``digest``. ``head`` is key and headers as they came; the other columns are for looking.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PARKED = """
CREATE TABLE log.parked (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stage text NOT NULL,
    stream text NOT NULL,
    part int NOT NULL,
    pos bigint NOT NULL,
    key text NOT NULL,
    event_id text,
    type text,
    subject text,
    head json NOT NULL,
    value bytea NOT NULL,
    digest bytea NOT NULL,
    reason text,
    tries int NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at timestamptz NOT NULL,
    leased_until timestamptz,
    UNIQUE (stage, stream, digest)
) WITH (fillfactor = 50);
CREATE INDEX parked_by_key ON log.parked (stage, key, id);
"""

QUARANTINE = """
ALTER TABLE log.quarantine
    ALTER part TYPE int,
    ADD event_id text,
    ADD type text,
    ADD subject text,
    ADD head json,
    ADD digest bytea,
    ADD tries int NOT NULL DEFAULT 1,
    ADD last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD version int NOT NULL DEFAULT 1,
    ADD fixed_head json,
    ADD fixed_value bytea,
    ADD fixed_by text,
    ADD fixed_at timestamptz,
    DROP CONSTRAINT quarantine_stage_stream_part_pos_key;
UPDATE log.quarantine SET
    event_id = headers->>'ce_id', type = headers->>'ce_type', subject = headers->>'ce_subject',
    head = json_build_array(key, headers), digest = sha256(convert_to(concat_ws(' ', part, pos), 'UTF8'));
ALTER TABLE log.quarantine
    ALTER head SET NOT NULL,
    ALTER digest SET NOT NULL,
    DROP headers,
    ADD UNIQUE (stage, stream, digest);
CREATE INDEX quarantine_waiting ON log.quarantine (subject) WHERE replayed_at IS NULL;
CREATE INDEX quarantine_replayed ON log.quarantine (replayed_at) WHERE replayed_at IS NOT NULL;
"""

BACK = """
ALTER TABLE log.quarantine ADD headers jsonb;
UPDATE log.quarantine SET headers = (head->1)::jsonb;
DROP INDEX log.quarantine_waiting;
DROP INDEX log.quarantine_replayed;
ALTER TABLE log.quarantine
    ALTER headers SET NOT NULL,
    DROP event_id, DROP type, DROP subject, DROP head, DROP digest, DROP tries, DROP last_at, DROP version,
    DROP fixed_head, DROP fixed_value, DROP fixed_by, DROP fixed_at,
    ADD UNIQUE (stage, stream, part, pos);
"""


def upgrade() -> None:
    for block in (PARKED, QUARANTINE):
        op.execute(block)


def downgrade() -> None:
    op.execute(BACK)
    op.execute("DROP TABLE log.parked")
