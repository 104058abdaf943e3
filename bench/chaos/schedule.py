"""Who is killed when: a list that follows from the seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

_BOTH = 0.2
"""The part of the rounds with two faults at once."""


@dataclass(frozen=True, slots=True)
class Kill:
    """``member`` is killed ``after`` seconds of the round, and started again when it was dead for ``dead`` seconds."""

    member: str
    after: float
    dead: float


@dataclass(frozen=True, slots=True)
class Round:
    """One round, counted from one."""

    number: int
    kills: tuple[Kill, ...]


def schedule(seed: int, rounds: int, members: Sequence[str]) -> list[Round]:
    """Every kind of member is as likely as every other, and each of a kind as its twin."""
    chance = random.Random(seed)
    return [Round(number, _kills(chance, members)) for number in range(1, rounds + 1)]


def _kills(chance: random.Random, members: Sequence[str]) -> tuple[Kill, ...]:
    kinds = sorted({_kind(member) for member in members})
    first = chance.uniform(1.0, 3.0)
    struck = chance.sample(kinds, 2 if chance.random() < _BOTH else 1)
    victims = [chance.choice([member for member in members if _kind(member) == kind]) for kind in struck]
    return tuple(
        Kill(victim, first + (chance.uniform(0.0, 0.5) if number else 0.0), chance.uniform(0.0, 1.5))
        for number, victim in enumerate(victims)
    )


def _kind(member: str) -> str:
    return member.partition("-")[0]
