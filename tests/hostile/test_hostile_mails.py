"""Hostile mails through LMTP between good ones, on the real product: nothing stalls, nothing is lost, nothing breaks."""

from __future__ import annotations

import asyncio
import smtplib
from contextlib import suppress
from pathlib import Path

import pytest

from bench.load.agents import Agents, sign_in
from bench.load.feed import Feed
from bench.load.post import Answered, hand_over
from bench.load.product import PASSWORD, Product
from bench.load.wire import Wire
from bench.measure.machine import processes
from services.demo.people import people
from tests.hostile.case import Case, mail
from tests.hostile.mails import mails
from tests.system.installation import installation

pytestmark = pytest.mark.system

LONGEST = 2.0
"""Seconds that a good mail may take from being sent to being offered, and any mail to be answered."""
MOST_GROWN = 50.0
"""MB that the product's own process may be larger afterwards."""


async def test_a_good_mail_is_offered_after_every_hostile_one_and_every_promise_is_kept() -> None:
    cases = mails()
    assert len(cases) >= 50
    with installation() as product:
        await product.start()
        async with asyncio.TaskGroup() as group:
            agents, feed, following = await _observed(product, group)
            before = _memory(product)
            outcome = await _send_all(product, feed, cases)
            await _settled(product, feed, outcome)
            grown = _memory(product) - before
            following.cancel()
            await agents.close()
        assert outcome.unexpected == []
        assert outcome.slow == []
        assert grown <= MOST_GROWN
        found = product.verify(_ledger(product.folder, outcome.promised))
        assert (found["lost"], found["double"]) == ([], [])
        assert found["accepted"] == len(set(outcome.promised)), "count in = count out"


class _Outcome:
    def __init__(self) -> None:
        self.promised: list[str] = []
        self.machines: list[tuple[str, str]] = []
        self.unexpected: list[str] = []
        self.slow: list[str] = []


async def _observed(product: Product, group: asyncio.TaskGroup) -> tuple[Agents, Feed, asyncio.Task[None]]:
    http = product.run["http"]
    usernames = [person.username for person in people() if "agent" in person.roles]
    agents = await Agents.signed_in(http, usernames, PASSWORD)
    await agents.present()
    _, token = await sign_in(http, "otto", PASSWORD)
    feed = Feed(http, token=token)
    agents.follow(feed)
    connected = asyncio.Event()
    following = group.create_task(_until_cancelled(feed, connected))
    await asyncio.wait_for(connected.wait(), 10)
    return agents, feed, following


async def _until_cancelled(feed: Feed, connected: asyncio.Event) -> None:
    with suppress(asyncio.CancelledError):
        await feed.run(connected=connected)


async def _send_all(product: Product, feed: Feed, cases: list[Case]) -> _Outcome:
    outcome = _Outcome()
    for case in cases:
        answered = await _answer(product, case)
        accepted = answered is not None and answered.inquiry_id is not None
        if accepted != (case.expected == "accepted"):
            outcome.unexpected.append(f"{case.id}: {answered}")
        if answered is not None and answered.seconds > LONGEST and case.expected == "accepted":
            outcome.slow.append(f"{case.id} was answered after {answered.seconds:.2f} s")
        if answered is not None and answered.inquiry_id:
            outcome.promised.append(answered.inquiry_id)
            if not case.opens_work:
                outcome.machines.append((case.id, answered.inquiry_id))
        await _good(product, feed, case.id, outcome)
    return outcome


async def _answer(product: Product, case: Case) -> Answered | None:
    """The reply, or ``None`` if the door broke off."""
    try:
        return await hand_over(product.run["lmtp"], case.raw)
    except smtplib.SMTPException:
        return None


async def _good(product: Product, feed: Feed, after: str, outcome: _Outcome) -> None:
    sent = asyncio.get_running_loop().time()
    answered = await hand_over(product.run["lmtp"], mail(f"good-after-{after}"))
    assert answered.inquiry_id, f"a good mail after {after} was refused: {answered}"
    outcome.promised.append(answered.inquiry_id)
    try:
        seen = await feed.offered(answered.inquiry_id, seconds=15)
    except TimeoutError:
        outcome.slow.append(f"the good mail after {after} was not offered within 15 s")
        return
    if seen.at - sent > LONGEST:
        outcome.slow.append(f"the good mail after {after} was offered after {seen.at - sent:.2f} s")


async def _settled(product: Product, feed: Feed, outcome: _Outcome) -> None:
    """Everything promised ends: machines' mail closed, the rest offered; its status is never a 5xx."""
    machines = {inquiry_id for _, inquiry_id in outcome.machines}
    people_wrote = set(outcome.promised) - machines
    with suppress(TimeoutError):
        await feed.until(lambda: people_wrote <= feed.offers.keys() | feed.ended.keys(), seconds=60)
        await feed.until(lambda: machines <= feed.ended.keys(), seconds=10)
    _, token = await sign_in(product.run["http"], "otto", PASSWORD)
    wire = Wire(product.run["http"])
    for inquiry_id in outcome.promised:
        reply = await wire.send("GET", f"/api/v1/inquiries/{inquiry_id}", token=token)
        state = reply.json().get("state")
        allowed = {"closed"} if inquiry_id in machines else {"offered", "assigned", "completed"}
        if reply.status != 200 or state not in allowed:
            outcome.unexpected.append(f"{inquiry_id}: {reply.status} {state} {reply.json().get('subject')!r}")
    await wire.close()


def _memory(product: Product) -> float:
    assert product.process is not None
    return next(found.rss_mb for found in processes(product.process.pid) if found.name == "product")


def _ledger(folder: Path, promised: list[str]) -> Path:
    path = folder / "ledger.jsonl"
    path.write_text("".join(f'{{"id": "{inquiry_id}", "door": "lmtp"}}\n' for inquiry_id in promised))
    return path
