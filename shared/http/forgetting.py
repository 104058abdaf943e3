"""How long answers to POSTs are kept for their repeats.

A day is what is promised; a month outlasts any client that still tries. What a repeat would make a second time is kept
for good: drafts of rule sets, few and small. Inquiries have their keys on their receipts, messages in their ids.
"""

from __future__ import annotations

from datetime import timedelta

from shared.pruning import Perishable

KEPT = timedelta(days=30)

ANSWERS = Perishable(
    name="answers to repeated requests",
    statement="""
DELETE FROM access.idempotency WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM access.idempotency
    WHERE started_at < now() - $1::interval AND door <> 'POST /api/v1/rulesets'
    ORDER BY started_at LIMIT $2 FOR UPDATE SKIP LOCKED
)) RETURNING true
""",
    kept=KEPT,
)
