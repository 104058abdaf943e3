"""A rule set: the whole document of queues and rules, checked as one and compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.router.decide.faults import Faults
from services.router.decide.queues import Queue, read_queues
from services.router.decide.rules import Rule, read_rules
from shared.errors import Refused

FORMAT = 1
_KEYS = ("format", "queues", "rules")


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Compiled; ``rules`` ends with one that matches everything, ``queues`` always has ``triage``."""

    queues: Mapping[str, Queue]
    rules: tuple[Rule, ...]


def compile_ruleset(document: Any) -> RuleSet:
    """The rule set of a parsed document.

    Raises:
        Refused: code ``invalid-ruleset``, with every fault of the document and its JSON pointer.
    """
    faults = Faults()
    entry = faults.mapping(document, "", known=_KEYS)
    _check_format(entry, faults)
    for name in ("queues", "rules"):
        if name not in entry:
            faults.add("", "missing-key", f"a rule set needs {name}")
    queues = read_queues(entry.get("queues", {}), "/queues", faults)
    rules = read_rules(entry["rules"], "/rules", queues, faults) if "rules" in entry else ()
    if faults.found:
        raise Refused("invalid-ruleset", _told(len(faults.found)), faults=faults.found)
    return RuleSet(queues=queues, rules=rules)


def _check_format(entry: Mapping[str, Any], faults: Faults) -> None:
    found = entry.get("format")
    if found != FORMAT or isinstance(found, bool):
        faults.add("/format" if "format" in entry else "", "unknown-format", f"expected format: {FORMAT}")


def _told(count: int) -> str:
    return "the rule set has one fault" if count == 1 else f"the rule set has {count} faults"
