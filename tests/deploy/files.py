"""The container set-up as data: what compose, Docker and nginx would read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
NGINX = ROOT / "deploy" / "nginx.conf"


def compose() -> dict[str, Any]:
    """``docker-compose.yml`` with its anchors merged."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return document


def by_default(value: str) -> str:
    """``value`` as compose fills it in where the operator's shell says nothing."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile, its continued lines joined."""

    name: str
    argument: str

    @property
    def words(self) -> list[str]:
        """Of the exec form."""
        words: list[str] = json.loads(self.argument)
        return words


def stages() -> list[list[Instruction]]:
    """What stands before the first FROM, then each stage."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text("utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found: list[list[Instruction]] = [[]]
    for line in lines:
        name, _, argument = line.partition(" ")
        if name == "FROM":
            found.append([])
        found[-1].append(Instruction(name, argument))
    return found


def only(name: str, stage: list[Instruction]) -> Instruction:
    """The one instruction of that name."""
    (found,) = (each for each in stage if each.name == name)
    return found


@dataclass(frozen=True)
class Location:
    """A place in the proxy's address space."""

    exact: bool
    path: str
    body: str

    @property
    def service(self) -> str:
        """Who answers there."""
        (name,) = re.findall(r"proxy_pass http://(\w+);", self.body)
        return str(name)


def locations() -> list[Location]:
    """Every location of the product's own address that is reached by a path."""
    _, _, server = NGINX.read_text("utf-8").partition("listen 8080;")
    found = re.findall(r"location (= )?(/\S*) \{([^}]*)\}", server)
    return [Location(bool(exact), path, body) for exact, path, body in found]


def location_of(path: str) -> Location:
    """Where nginx sends ``path``: the exact location, else the longest that it begins with."""
    fitting = [each for each in locations() if (each.path == path if each.exact else path.startswith(each.path))]
    return max(fitting, key=lambda each: (each.exact, len(each.path)))


def upstreams() -> dict[str, str]:
    """The addresses behind the proxy, by service."""
    return dict(re.findall(r"upstream (\w+) \{[^}]*server (\S+) resolve;", NGINX.read_text("utf-8")))
