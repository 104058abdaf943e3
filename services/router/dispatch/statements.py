"""The dispatcher's SQL. Each write is conditional: what memory got wrong matches no row, and is then absent from the
answer.

Agents are locked before items and items before offers, each by id, as everywhere: so no two writers wait for each other
in a ring.
"""

from __future__ import annotations

from shared.domain.work import ONE_AT_A_TIME

# FOR SHARE and not a plain read: a take-over, which raises the term, waits for a write under way, and the writes after
# it are refused to the last microsecond.
TERM = "SELECT term FROM router.term WHERE term = $1 FOR SHARE"

REROUTED = "rerouted"

_ITEM = """
i.id AS work_item_id, i.inquiry_id, i.conversation_id, i.version, i.queue, i.route, i.weight AS item_weight, i.channel,
i.language, i.topic, i.urgency, i.first_response_due, i.resolution_due, i.received_at, i.waiting_since,
i.waiting_reason, i.next_check_at, i.declined_by
"""

_ALONE = f"({', '.join(repr(channel.value) for channel in sorted(ONE_AT_A_TIME))})"

# The agents are locked by a statement of its own before this one: what a supervisor assigned while we waited for the
# lock is then in what this one sees. Capacity is on the agent's row, attention is found by who holds what.
OFFER = f"""
WITH wish AS (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[])
        AS w (item, version, agent, offer, decision, record)
), locked AS MATERIALIZED (
    SELECT a.id, a.load, a.capacity, EXISTS (
        SELECT FROM router.assignment h JOIN router.work_item held ON held.id = h.work_item_id
        WHERE h.agent_id = a.id AND h.ended_at IS NULL AND held.channel IN {_ALONE}
    ) OR EXISTS (
        SELECT FROM router.offer h JOIN router.work_item held ON held.id = h.work_item_id
        WHERE h.agent_id = a.id AND h.state = 'open' AND held.channel IN {_ALONE}
    ) AS attentive
    FROM router.agent a JOIN wish w ON w.agent = a.id
    WHERE a.presence = 'available' ORDER BY a.id FOR UPDATE OF a
), taken AS (
    UPDATE router.work_item i
    SET state = 'offered', version = i.version + 1, waiting_reason = NULL, next_check_at = NULL
    FROM wish w JOIN locked l ON l.id = w.agent
    WHERE i.id = w.item AND i.state = 'waiting' AND i.version = w.version AND l.load + i.weight <= l.capacity
        AND NOT (l.attentive AND i.channel IN {_ALONE})
    RETURNING i.id AS work_item_id, i.conversation_id, i.inquiry_id, i.version, i.queue, i.weight, i.channel,
        i.received_at, i.route, w.agent AS agent_id, w.offer AS offer_id, w.decision AS decision_id, w.record::jsonb,
        $7::timestamptz AS made_at,
        $7::timestamptz + (i.route ->> 'offer_seconds')::int * interval '1 second' AS expires_at
), raised AS (
    UPDATE router.agent a SET load = a.load + t.weight FROM taken t WHERE a.id = t.agent_id
), offered AS (
    INSERT INTO router.offer (id, work_item_id, conversation_id, inquiry_id, agent_id, queue, weight, state, made_at,
        expires_at, decision_id, term)
    SELECT offer_id, work_item_id, conversation_id, inquiry_id, agent_id, queue, weight, 'open', made_at, expires_at,
        decision_id, $8::bigint FROM taken
), decided AS (
    INSERT INTO router.decision (id, work_item_id, at, position, body)
    SELECT decision_id, work_item_id, made_at, (record ->> 'position')::bigint,
        record || jsonb_build_object('rule_trace', coalesce(route -> 'trace', '[]')) FROM taken
)
SELECT work_item_id, conversation_id, inquiry_id, version, queue, weight, channel, received_at, agent_id, offer_id,
    decision_id, made_at, expires_at FROM taken
"""

LOCK_AGENTS = "SELECT id FROM router.agent WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"

LOCK_ITEMS = "SELECT id FROM router.work_item WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"

# An offer that stands beside an assignment (a transfer's) closes without moving its item.
CLOSE = f"""
WITH closed AS (
    UPDATE router.offer o SET state = $2::text, reason = $3, ended_at = $4::timestamptz
    WHERE o.id = ANY($1::uuid[]) AND o.state = 'open' AND ($2::text <> 'lapsed' OR o.expires_at <= $4)
    RETURNING o.id, o.work_item_id, o.conversation_id, o.inquiry_id, o.agent_id, o.weight, o.ended_at
), given AS (
    UPDATE router.agent a SET load = a.load - c.weight, idle_since = $4
    FROM (SELECT agent_id, sum(weight) AS weight FROM closed GROUP BY agent_id) c WHERE a.id = c.agent_id
), back AS (
    UPDATE router.work_item i
    SET state = 'waiting', version = i.version + 1, waiting_since = $4, waiting_reason = $5, next_check_at = $6,
        lapsed_by = CASE WHEN $2::text = 'lapsed' AND NOT c.agent_id = ANY(i.lapsed_by)
            THEN i.lapsed_by || c.agent_id ELSE i.lapsed_by END
    FROM closed c WHERE i.id = c.work_item_id AND i.state = 'offered'
    RETURNING {_ITEM}
)
SELECT c.id AS offer_id, c.agent_id, c.weight, c.work_item_id, c.conversation_id, c.inquiry_id,
    c.ended_at, coalesce(b.version, (SELECT version FROM router.work_item WHERE id = c.work_item_id)) AS version,
    b.work_item_id IS NOT NULL AS waits, b.queue, b.route, b.item_weight, b.channel, b.language, b.topic, b.urgency,
    b.first_response_due, b.resolution_due, b.received_at, b.waiting_since, b.waiting_reason, b.next_check_at,
    b.declined_by
FROM closed c LEFT JOIN back b ON b.work_item_id = c.work_item_id
"""

WAIT = f"""
UPDATE router.work_item i SET version = i.version + 1, waiting_reason = w.reason, next_check_at = w.next_check_at
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[]) AS w (item, version, reason, next_check_at)
WHERE i.id = w.item AND i.state = 'waiting' AND i.version = w.version
RETURNING {_ITEM}
"""

# A route overflows into another queue: the requirements change, what was promised to the customer does not.
OVERFLOW = f"""
UPDATE router.work_item i
SET version = i.version + 1, queue = w.queue, waiting_reason = 'overflowed', next_check_at = $5,
    route = i.route || jsonb_build_object('queue', w.queue) || w.route::jsonb
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) AS w (item, version, queue, route)
WHERE i.id = w.item AND i.state = 'waiting' AND i.version = w.version
RETURNING {_ITEM}
"""

ROUTED = "SELECT id, facts, route ->> 'rule' AS rule FROM router.work_item WHERE id = ANY($1::uuid[])"

# Another rule set is live. Only what waits is routed by it: nobody holds it, so that even its weight may change.
REROUTE = f"""
UPDATE router.work_item i
SET version = i.version + 1, queue = w.queue, route = w.route::jsonb, weight = w.weight, waiting_reason = '{REROUTED}',
    next_check_at = $8, first_response_due = w.first_response_due, resolution_due = w.resolution_due
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::int[], $6::timestamptz[], $7::timestamptz[])
    AS w (item, version, queue, route, weight, first_response_due, resolution_due)
WHERE i.id = w.item AND i.state = 'waiting' AND i.version = w.version
RETURNING {_ITEM}
"""

# Presence comes from a lease or from a live stream; the later of the two holds. A time that is not set does not run out.
EXPIRED_PRESENCE = """
WITH gone AS (
    SELECT id FROM router.agent
    WHERE (presence_source = 'lease' AND presence <> 'offline' AND lease_until <= $1
           OR presence_source = 'stream' AND presence IN ('available', 'busy') AND stream_seen_at <= $2)
        AND (lease_until IS NULL OR lease_until <= $1) AND (stream_seen_at IS NULL OR stream_seen_at <= $2)
    ORDER BY id FOR UPDATE
)
UPDATE router.agent a
SET presence = CASE a.presence_source WHEN 'lease' THEN 'offline' ELSE 'away' END, lease_until = NULL
FROM gone WHERE a.id = gone.id
RETURNING a.id, a.presence, a.presence_source, a.capacity, a.load, a.version
"""
