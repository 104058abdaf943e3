"""Skills: their names, and what holding one means. A level in ``topic.billing`` covers ``topic.billing.card``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from shared.domain.classification import LANGUAGES, TOPICS

LOWEST, HIGHEST = 1, 5
_LANGUAGE, _TOPIC = "language.", "topic."
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}(\.[a-z0-9_-]{1,63}){0,4}")


def language_skill(language: str) -> str:
    """The skill of writing ``language``."""
    return _LANGUAGE + language


def is_language(skill: str) -> bool:
    """Whether ``skill`` is a language: these are never relaxed."""
    return skill.startswith(_LANGUAGE)


def is_topic(skill: str) -> bool:
    """Whether ``skill`` is a topic: these are relaxed as waiting time grows."""
    return skill.startswith(_TOPIC)


def is_known_topic(topic: object) -> bool:
    """A topic of the taxonomy, or a child of one (``billing.card``)."""
    return isinstance(topic, str) and _NAME.fullmatch(topic) is not None and topic.split(".", 1)[0] in TOPICS


def is_skill_name(name: object) -> bool:
    """A language we have, a topic of the taxonomy, or a free lower-case name such as ``tier`` or ``de-escalation``."""
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        return False
    if is_language(name):
        return name.removeprefix(_LANGUAGE) in LANGUAGES
    return not is_topic(name) or is_known_topic(name.removeprefix(_TOPIC))


def is_level(level: object) -> bool:
    """A proficiency: 1 to 5."""
    return isinstance(level, int) and not isinstance(level, bool) and LOWEST <= level <= HIGHEST


def level_in(skills: Mapping[str, int], name: str) -> int:
    """The level held in ``name``, by itself or by its closest parent topic; 0 if not held."""
    held = skills.get(name)  # the usual case
    return held if held is not None else next((skills[known] for known in _parents(name) if known in skills), 0)


def merged(*requirements: Mapping[str, int]) -> dict[str, int]:
    """All requirements at once: of each skill the highest level asked for."""
    result: dict[str, int] = {}
    for required in requirements:
        for skill, level in required.items():
            result[skill] = max(level, result.get(skill, 0))
    return result


def _parents(name: str) -> Iterator[str]:
    while is_topic(name) and "." in name.removeprefix(_TOPIC):
        name = name.rpartition(".")[0]
        yield name
