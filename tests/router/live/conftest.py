"""Live screens of a small company: a real server on a port of its own, and clients that fold what they are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.router.dispatch.journal import Journal
from services.router.dispatch.matching import Proposal
from services.router.facts import By
from services.router.live.feed import Feed
from services.router.live.routes import routes
from services.router.live.seats import Seats
from services.router.live.telling import Pace
from services.serving import Serving
from shared.database.connection import Held
from shared.database.wakeups import Wakeups
from shared.health import Health
from shared.http.app import create_app
from shared.http.caller import Authenticator
from tests.router.people import People

DEADLINE_SECONDS = 10.0
Offer = Callable[[dict[str, Any], UUID], Awaitable[UUID]]
BY = By("user:test", "key-1")


class Screen:
    """One client: rows by type and id, folded as the console folds them, and every event as it came."""

    def __init__(self, response: httpx.Response, rows: dict[tuple[str, str], dict[str, Any]]) -> None:
        self.rows = rows
        self.events: list[dict[str, Any]] = []
        self.retry: int | None = None
        self.ended = False
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read(response))

    def told(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == name]

    @property
    def last_id(self) -> str:
        return next(event["id"] for event in reversed(self.events) if event["id"])

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS), self._news:
            await self._news.wait_for(lambda: condition() or self.ended)
        assert condition(), f"the stream ended: {self.events[-3:]}"

    async def until_ended(self) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self._reading

    async def close(self) -> None:
        self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await self._reading

    @staticmethod
    def fold(rows: dict[tuple[str, str], dict[str, Any]], change: dict[str, Any]) -> None:
        ref = change["type"], change["id"]
        before = rows.get(ref, {"version": 0})
        if change.get("removed"):
            rows.pop(ref, None)
        elif change["version"] > before["version"]:
            rows[ref] = {**before, **change["set"], "type": ref[0], "id": ref[1], "version": change["version"]}

    async def _read(self, response: httpx.Response) -> None:
        event: dict[str, Any] = {"id": "", "event": "message", "data": ""}
        try:
            async for line in response.aiter_lines():
                field, _, value = line.partition(": ")
                if field == "retry":
                    self.retry = int(value)
                elif line:
                    event[field] = value
                elif event["data"]:
                    await self._take(event | {"data": json.loads(event["data"])})
                    event = {"id": "", "event": "message", "data": ""}
        finally:
            self.ended = True
            async with self._news:
                self._news.notify_all()

    async def _take(self, event: dict[str, Any]) -> None:
        for change in event["data"].get("changes", []):
            self.fold(self.rows, change)
        self.events.append(event)
        async with self._news:
            self._news.notify_all()


class Live:
    """The server and what tests ask of it."""

    def __init__(self, company: Any, people: People, *, most_kept: int = 1000, beat: float = 0.3) -> None:
        self.company = company
        self.people = people
        self._wakeups = Wakeups(company.url)
        self.feed = Feed(url=company.url, wakeups=self._wakeups, clock=company.clock, most_kept=most_kept)
        self.seats = Seats(url=company.url, clock=company.clock)
        router = routes(
            pool=company.pool, feed=self.feed, seats=self.seats, rulesets=company.rulesets,
            authenticator=Authenticator(people), clock=company.clock, pace=Pace(beat=beat, rights=0.2, boards=0.05),
        )  # fmt: skip
        app = create_app(title="test", routers=[router], health=Health())
        self.server = Serving(app, host="127.0.0.1", port=0, name="TEST")
        self.client = httpx.AsyncClient(base_url=self.server.url + "/api/v1", timeout=DEADLINE_SECONDS)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(one.run()) for one in (self._wakeups, self.feed, self.seats)]
        await self.server.start()

    async def close(self) -> None:
        self.feed.stop()
        await self.client.aclose()
        await self.server.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def get(self, who: str | None, path: str, **given: Any) -> httpx.Response:
        return await self.client.get(path, headers=_signed(who), **given)

    async def state(self, who: str, views: str) -> dict[str, Any]:
        response = await self.get(who, "/state", params={"views": views})
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def rows(self, who: str, views: str) -> dict[tuple[str, str], dict[str, Any]]:
        shown = (await self.state(who, views))["views"]
        return {(row["type"], row["id"]): row for view in shown.values() for row in view}

    @asynccontextmanager
    async def events(
        self, who: str, views: str, *, after: Any = None, last_id: str | None = None, rows: Any = None
    ) -> AsyncIterator[Screen]:
        """A stream without the state before it."""
        params = {"views": views} | ({"after": after} if after is not None else {})
        headers = _signed(who) | ({"Last-Event-ID": last_id} if last_id else {})
        async with self.client.stream("GET", "/events", params=params, headers=headers) as response:
            assert response.status_code == 200, await response.aread()
            assert response.headers["content-type"].startswith("text/event-stream")
            screen = Screen(response, {} if rows is None else rows)
            try:
                yield screen
            finally:
                await screen.close()

    @asynccontextmanager
    async def screen(self, who: str, views: str) -> AsyncIterator[Screen]:
        """State, then events."""
        state = await self.state(who, views)
        rows = {(row["type"], row["id"]): row for view in state["views"].values() for row in view}
        async with self.events(who, views, after=state["position"], rows=rows) as screen:
            yield screen

    async def agrees(self, screen: Screen, who: str, views: str) -> None:
        """Sooner or later the screen shows what the state says."""
        expected = await self.rows(who, views)
        await screen.until(lambda: plain(screen.rows) == plain(expected))


def plain(rows: dict[tuple[str, str], dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Without the versions of queues, which say when they were counted."""
    return {ref: row | {"version": 0} if ref[0] == "queue" else row for ref, row in rows.items()}


def _signed(who: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {who}"} if who else {}


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
async def jana(company: Any, people: People) -> UUID:
    """An available agent who can take billing in English, signed in as ``jana``."""
    agent = await company.agent("jana")
    people.seat("jana", agent)
    return agent


@pytest.fixture
async def emma(company: Any, people: People) -> UUID:
    """Another one."""
    agent = await company.agent("emma")
    people.seat("emma", agent)
    return agent


@pytest.fixture
async def live(company: Any, people: People, jana: UUID, emma: UUID) -> AsyncIterator[Live]:
    """The server, with jana and emma there."""
    made = Live(company, people)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def make_live(company: Any, people: People) -> AsyncIterator[Callable[..., Any]]:
    """Further servers."""
    made: list[Live] = []

    async def make(*, people: Any = people, **given: Any) -> Live:
        made.append(Live(company, people, **given))
        await made[-1].start()
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
async def offer(company: Any) -> AsyncIterator[Offer]:
    """Puts a waiting item before an agent, as the dispatcher does; the offer's id."""
    held = Held(company.url, name="test-dispatcher")

    async def make(waiting: dict[str, Any], agent: UUID) -> UUID:
        item, made = await company.item(waiting["work_item_id"]), uuid4()
        proposal = Proposal(
            item_id=str(item["id"]), version=item["version"], agent_id=str(agent), weight=item["weight"],
            offer_id=str(made), decision_id=str(uuid4()), made_at=company.clock.now(), record={"position": 1},
        )  # fmt: skip
        rows = await Journal(held, term=0).offer([proposal])
        assert [row["offer_id"] for row in rows] == [made]
        return made

    yield make
    await held.close()


@pytest.fixture
async def waiting(company: Any) -> dict[str, Any]:
    """An inquiry that waits."""
    return (await company.receive(company.inquiry(subject="Invoice")))["inquiry.waiting"]
