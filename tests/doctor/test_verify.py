"""Doctor's verdict on promises: what is lost, what is double, and nothing else."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from services.doctor.verify import read_ledger, verify
from shared.errors import Refused
from shared.eventlog.base import Record
from shared.events import RECEIVED
from shared.quarantine import PostgresQuarantine
from shared.telemetry import Metrics

RECEIPT = """
WITH kept AS (INSERT INTO ingest.raw (id, content_type, bytes) SELECT $1, 'text/plain', 'x' WHERE $2)
INSERT INTO ingest.receipt (id, raw_id, caller, door, channel, body_hash, key, part, routed)
VALUES ($1, $1, 'key:1', 'rest', 'api', 'x', 'k', 0, $3)
"""
ITEM = """
WITH conversation AS (
    INSERT INTO router.conversation (id, channel, key) VALUES ($2, 'api', 'k') ON CONFLICT DO NOTHING
)
INSERT INTO router.work_item (id, conversation_id, inquiry_id, state, channel, language, topic, urgency, facts,
    classification, route, queue, weight, received_at)
VALUES ($1, $2, $3, 'waiting', 'api', 'en', 'other', 2, '{}', '{}', '{}', 'general', 15, now())
"""


async def accept(pool, *, kept=True, routed=False):
    inquiry = uuid4()
    await pool.execute(RECEIPT, inquiry, kept, routed)
    return inquiry


async def test_an_accepted_inquiry_that_is_still_on_its_way_is_neither_lost_nor_double(pool):
    inquiry = await accept(pool)
    verdict = await verify(pool, [inquiry])
    assert verdict.kept
    assert (verdict.accepted, verdict.by_state) == (1, {"received": 1})


async def test_an_inquiry_whose_record_waits_for_a_person_is_counted_as_quarantined(pool):
    record = Record(RECEIVED, 0, 0, "key", {"ce_subject": str(await accept(pool))}, b"nothing")
    await PostgresQuarantine(pool, metrics=Metrics()).put("classifier", record, "x")
    verdict = await verify(pool)
    assert (verdict.kept, verdict.by_state) == (True, {"quarantined": 1})


async def test_a_promise_without_a_receipt_is_lost(pool):
    promised = uuid4()
    assert (await verify(pool, [promised])).lost == [str(promised)]


async def test_a_receipt_without_its_bytes_is_lost(pool):
    inquiry = await accept(pool, kept=False)
    assert (await verify(pool)).lost == [str(inquiry)]


async def test_an_inquiry_that_the_router_is_said_to_have_and_has_not_is_lost(pool):
    inquiry = await accept(pool, routed=True)
    assert (await verify(pool)).lost == [str(inquiry)]


async def test_two_work_items_of_one_inquiry_are_double(pool):
    inquiry = await accept(pool)
    for _ in range(2):
        await pool.execute(ITEM, uuid4(), uuid4(), inquiry)
    assert (await verify(pool)).double == [str(inquiry)]


async def test_two_open_work_items_of_one_conversation_are_double(pool):
    conversation = uuid4()
    for _ in range(2):
        await pool.execute(ITEM, uuid4(), conversation, await accept(pool))
    assert len((await verify(pool)).double) == 1


def test_a_torn_last_line_of_a_ledger_promised_nothing(tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    promised = uuid4()
    ledger.write_text(json.dumps({"id": str(promised), "door": "rest"}) + '\n{"id": "4f')
    assert read_ledger(ledger) == [promised]


def test_a_line_in_the_middle_that_is_no_promise_is_told_by_its_number(tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_text(f'oops\n{{"id": "{uuid4()}"}}\n')
    with pytest.raises(Refused, match="line 1"):
        read_ledger(ledger)
