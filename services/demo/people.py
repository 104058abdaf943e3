"""Who works at the demo company, read from ``people.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

from shared.domain.classification import TOPICS


@dataclass(frozen=True, slots=True)
class Person:
    """One account of the demo; ``skills`` is empty for those who take no work."""

    username: str
    name: str
    language: str
    roles: tuple[str, ...]
    skills: dict[str, int]

    @property
    def takes_work(self) -> bool:
        return "agent" in self.roles


def people() -> list[Person]:
    """Everybody, agents first."""
    document = yaml.safe_load((files("services.demo") / "people.yaml").read_text("utf-8"))
    agents = [_agent(entry) for entry in document["agents"]]
    others = [Person(o["username"], o["name"], o["language"], tuple(o["roles"]), {}) for o in document["others"]]
    return agents + others


def _agent(entry: dict[str, Any]) -> Person:
    topics = {f"topic.{topic}": entry["topics"] for topic in TOPICS}
    return Person(entry["username"], entry["name"], entry["language"], ("agent",), topics | entry["skills"])
