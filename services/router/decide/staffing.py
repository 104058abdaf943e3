"""Who holds the skills that a class of items asks for, whatever their presence and load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.router.decide.skills import is_language, level_in
from services.router.decide.work import AgentView


@dataclass(frozen=True, slots=True)
class Staffing:
    """The ids of the capable, and how many of the others lack what."""

    capable: tuple[str, ...]
    lacking: Mapping[str, int]


def staff(requires: Mapping[str, int], agents: Iterable[AgentView]) -> Staffing:
    """Split ``agents`` into those who hold ``requires`` and those who lack a language or a skill."""
    capable: list[str] = []
    lacking: Counter[str] = Counter()
    for agent in agents:
        missing = lack(requires, agent)
        if missing is None:
            capable.append(agent.id)
        else:
            lacking[missing] += 1
    return Staffing(capable=tuple(capable), lacking=dict(lacking))


def lack(requires: Mapping[str, int], agent: AgentView) -> str | None:
    """``language`` or ``skill``, the first that ``agent`` lacks; nothing if all is there."""
    short = [skill for skill, level in requires.items() if level_in(agent.skills, skill) < level]
    if not short:
        return None
    return "language" if any(is_language(skill) for skill in short) else "skill"
