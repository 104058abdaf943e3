"""Numbered rule sets in the database: drafts, the live one, roll-back, and the fact that tells everybody."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from services.router.rulesets import BUILT_IN, RuleSetStore, parse
from shared.errors import Refused

SOURCE = "format: 1\nqueues: {q: {}}\nrules:\n  - {id: NAME, then: {queue: q}}  # said in words\n"


@pytest.fixture
def store(pool: asyncpg.Pool[asyncpg.Record]) -> RuleSetStore:
    return RuleSetStore(pool)


async def draft(store: RuleSetStore, name: str) -> int:
    source = SOURCE.replace("NAME", name)
    return await store.create(parse(source)[0], source, "otto")


async def test_until_one_is_published_the_built_in_rules_are_live(store: RuleSetStore) -> None:
    version, ruleset = await store.live()
    assert (version, ruleset.rules[-1].id) == (0, "everything-else")
    assert (await store.get(0)).source == BUILT_IN


async def test_drafts_are_numbered_and_change_nothing(store: RuleSetStore) -> None:
    # Each number once and without a gap; who of three at once comes first is nobody's promise.
    assert sorted(await asyncio.gather(*(draft(store, f"r{n}") for n in range(3)))) == [1, 2, 3]
    assert (await store.live())[0] == 0
    assert [(record.version, record.state) for record in await store.list()] == [
        (3, "draft"),
        (2, "draft"),
        (1, "draft"),
    ]
    assert [record.version for record in await store.list(before=3, limit=1)] == [2]


async def test_publishing_puts_one_version_in_force_and_tells_it_once(
    store: RuleSetStore, pool: asyncpg.Pool[asyncpg.Record]
) -> None:
    first, second = await draft(store, "first"), await draft(store, "second")
    await store.publish(first, cause="key-1", actor="user:otto")
    assert (await store.live())[1].rules[-1].id == "first"
    await store.publish(second)
    await store.publish(second)
    version, ruleset = await store.live()
    assert (version, ruleset.rules[-1].id) == (second, "second")
    assert (await store.get(first)).state == "retired"
    events = await pool.fetch(
        "SELECT data, cause, actor FROM router.events WHERE type = 'ruleset.published' ORDER BY pos"
    )
    assert [row["data"] for row in events] == [{"version": first}, {"version": second}]
    assert (events[0]["cause"], events[0]["actor"]) == ("key-1", "user:otto")


async def test_an_older_version_published_again_is_a_roll_back(store: RuleSetStore) -> None:
    first, second = await draft(store, "first"), await draft(store, "second")
    for version in (first, second, first):
        await store.publish(version)
    assert (await store.live())[1].rules[-1].id == "first"


async def test_the_text_comes_back_as_it_was_sent(store: RuleSetStore) -> None:
    version = await draft(store, "first")
    record = await store.get(version)
    assert record.source == SOURCE.replace("NAME", "first")
    assert (record.document, record.author) == (parse(record.source)[0], "otto")


async def test_an_unknown_version_is_not_found(store: RuleSetStore) -> None:
    for call in (store.get(99), store.publish(99)):
        with pytest.raises(Refused) as refused:
            await call
        assert refused.value.code == "not-found"
