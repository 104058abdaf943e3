"""What the event log promises to the members of a group, by every adapter alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from shared.errors import ShareLost
from shared.eventlog.base import EventLog, Positions, Subscription
from shared.eventlog.encoding import PARTITIONS, partition_of

DEADLINE = 10.0


KEYS = [f"key-{n}" for n in range(20)]


async def _share(
    world: Any, members: Sequence[Subscription], log: EventLog, done: Callable[[list[set[str]]], bool]
) -> list[set[str]]:
    """Publish and poll rounds until ``done`` with which keys each member saw in the last round."""
    async with asyncio.timeout(DEADLINE):
        round_ = 0
        while True:
            round_ += 1
            await log.publish(world.stream, [world.event(key, round_) for key in KEYS])
            seen: list[set[str]] = [set() for _ in members]
            for index, member in enumerate(members):
                records = await member.poll(limit=1000, wait=0.1)
                await member.commit(world.after(records))
                seen[index] = {r.key for r in records if world.numbers([r], r.key) == [round_]}
            if done(seen):
                return seen


async def test_two_members_of_a_group_share_the_keys(world: Any) -> None:
    one, two = world.process(), world.process()
    members = [await one.subscribe(world.stream, "readers"), await two.subscribe(world.stream, "readers")]
    seen = await _share(world, members, one, lambda seen: all(seen) and set.union(*seen) == set(KEYS))
    assert not seen[0] & seen[1]


async def test_a_member_that_leaves_hands_its_keys_over(world: Any) -> None:
    one, two = world.process(), world.process()
    stays, goes = await one.subscribe(world.stream, "readers"), await two.subscribe(world.stream, "readers")
    await _share(world, [stays, goes], one, all)
    before = stays.fence
    await goes.close()
    await _share(world, [stays], one, lambda seen: seen[0] == set(KEYS))
    assert stays.fence > before


async def test_a_dead_members_keys_move(world: Any) -> None:
    one, two = world.process(), world.process()
    lives, dies = await one.subscribe(world.stream, "readers"), await two.subscribe(world.stream, "readers")
    await _share(world, [lives, dies], one, all)
    await two.close()
    await _share(world, [lives], one, lambda seen: seen[0] == set(KEYS))


async def test_who_lost_its_share_commits_nothing(world: Any) -> None:
    one, two = world.process(), world.process()
    await one.publish(world.stream, [world.event("key", n) for n in range(3)])
    slept = await two.subscribe(world.stream, "readers")
    batch = await world.take(slept, 3, commit=False)
    await two.close()
    heir = await one.subscribe(world.stream, "readers")
    assert len(await world.take(heir, 3, commit=False)) == 3
    await slept.commit(world.after(batch))
    await heir.close()
    assert len(await world.take(await one.subscribe(world.stream, "readers"), 3)) == 3


class Shelf:
    """Positions beside the outcome, as the router keeps them."""

    def __init__(self) -> None:
        self.loads: list[tuple[list[int], int, str]] = []
        self.stored: dict[tuple[str, int], int] = {}

    async def load(self, partitions: Sequence[int], *, fence: int, incarnation: str) -> Positions:
        self.loads.append((list(partitions), fence, incarnation))
        return {p: self.stored[incarnation, p] for p in partitions if (incarnation, p) in self.stored}


async def test_positions_in_an_external_store_win_over_the_committed_ones(world: Any) -> None:
    log = world.process()
    await log.publish(world.stream, [world.event("key", n) for n in range(5)])
    shelf = Shelf()
    member = await log.subscribe(world.stream, "readers", positions=shelf)
    await world.take(member, 5)
    partitions, fence, incarnation = shelf.loads[-1]
    assert (partitions, fence) == (list(range(PARTITIONS)), member.fence)
    shelf.stored[incarnation, partition_of("key")] = 3
    await member.close()
    heir = await log.subscribe(world.stream, "readers", positions=shelf)
    assert world.numbers(await world.take(heir, 2), "key") == [3, 4]
    assert heir.fence == shelf.loads[-1][1] > fence
    shelf.stored[incarnation, partition_of("key")] = 1
    await heir.rewind()
    assert world.numbers(await world.take(heir, 4), "key") == [1, 2, 3, 4]


async def test_a_wiped_and_regrown_log_is_read_from_its_start(world: Any) -> None:
    log = world.process()
    await log.publish(world.stream, [world.event("key", n) for n in range(5)])
    shelf = Shelf()
    plain = await log.subscribe(world.stream, "plain")
    fenced = await log.subscribe(world.stream, "fenced", positions=shelf)
    for member in (plain, fenced):
        await world.take(member, 5)
    await world.wipe()
    await log.publish(world.stream, [world.event("key", 7)])
    for member in (plain, fenced):
        assert world.numbers(await world.take(member, 1), "key") == [7]
    assert shelf.loads[0][2] != shelf.loads[-1][2]


class _Fenced:
    """Positions that refuse whoever comes with an older fence than ``least``, as the router's table does."""

    def __init__(self) -> None:
        self.least = 0

    async def load(self, partitions: Sequence[int], *, fence: int, incarnation: str) -> Positions:
        del incarnation
        if fence < self.least:
            raise ShareLost("a later member has it", fence=self.least)
        self.least = max(self.least, fence)
        return dict.fromkeys(partitions, 0)


async def test_a_member_that_lost_its_share_while_it_worked_goes_on_after_a_rewind(world: Any) -> None:
    log, positions = world.process(), _Fenced()
    member = await log.subscribe(world.stream, "readers", positions=positions)
    await _share(world, [member], log, lambda seen: seen[0] == set(KEYS))
    other = await world.process().subscribe(world.stream, "readers")
    await other.close()
    positions.least = member.fence + 1  # the other one has had the share meanwhile, and is gone again
    await member.rewind()
    await _share(world, [member], log, lambda seen: seen[0] == set(KEYS))
