"""Rule documents as people send them, YAML or JSON: parsed with care, faults told with their lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from services.router.decide.faults import below
from services.router.decide.ruleset import RuleSet, compile_ruleset
from shared.errors import Fault, Refused

LARGEST = 1_000_000
DEEPEST = 30
# libyaml where it is there: the loader in Python takes seconds for a large document.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def parse(source: str | bytes, content_type: str = "application/yaml") -> tuple[dict[str, Any], RuleSet]:
    """The document that ``source`` spells, and its rule set.

    Raises:
        Refused: code ``invalid-ruleset``, with every fault, each with pointer and, where it is known, line.
    """
    text = _text(source)
    is_json = "json" in content_type.lower()
    document = _read_json(text) if is_json else _read_yaml(text)
    tree = _tree_of_json(text) if is_json else _compose(text)
    lines = dict(_lines(tree, ""))
    faults = [*_repeated_keys(tree, ""), *_unstorable(document, "")]
    try:
        ruleset = compile_ruleset(document)
    except Refused as refused:
        faults += refused.faults
    if faults:
        told = "the rule set has one fault" if len(faults) == 1 else f"the rule set has {len(faults)} faults"
        raise Refused("invalid-ruleset", told, faults=[_with_line(fault, lines) for fault in faults])
    return document, ruleset


def _refuse(code: str, detail: str, line: int | None = None, pointer: str = "") -> Refused:
    return Refused("invalid-ruleset", detail, faults=[Fault(pointer=pointer, code=code, detail=detail, line=line)])


def _text(source: str | bytes) -> str:
    if len(source) > LARGEST:
        raise _refuse("too-large", f"a rule set has at most {LARGEST} characters")
    try:
        raw = source if isinstance(source, bytes) else source.encode()
        return raw.decode("utf-8-sig")
    except UnicodeError:
        raise _refuse("invalid-encoding", "a rule set is UTF-8 text") from None


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _refuse("invalid-json", f"not JSON: {error.msg}", error.lineno) from None
    except (RecursionError, ValueError):
        raise _refuse("invalid-json", "not JSON that can be read: too deep, or a number too long") from None


def _read_yaml(text: str) -> Any:
    try:
        _check_events(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader, in C where there is one
    except yaml.MarkedYAMLError as error:
        raise _refuse("invalid-yaml", f"not YAML: {error.problem}", _line(error.problem_mark)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _refuse("invalid-yaml", f"not YAML that can be read: {type(error).__name__}") from None


def _check_events(text: str) -> None:
    """Refuse aliases, which can unfold without end, and depth, which ends the stack of the loader in C."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise _refuse("alias", "aliases (*name) are not taken; write it out", _line(event.start_mark))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _refuse("too-deep", f"nested more than {DEEPEST} deep", _line(event.start_mark))


def _line(mark: Any) -> int | None:
    return mark.line + 1 if mark is not None else None


def _compose(text: str) -> Any:
    return yaml.compose(text, Loader=_Loader)


def _tree_of_json(text: str) -> Any:
    # JSON is nearly always YAML too; where it is not (tabs), faults go without lines.
    try:
        _check_events(text)
        return _compose(text)
    except (Refused, yaml.YAMLError):
        return None


def _lines(node: Any, pointer: str) -> Iterator[tuple[str, int]]:
    if node is None:
        return
    yield pointer, node.start_mark.line + 1
    for key, line, child in _children(node):
        where = below(pointer, key)
        yield from _lines(child, where)
        yield where, line


def _children(node: Any) -> Iterator[tuple[str, int, Any]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode):
        for at, value in enumerate(node.value):
            yield str(at), value.start_mark.line + 1, value


def _repeated_keys(node: Any, pointer: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for key, line, child in _children(node):
        where = below(pointer, key)
        if key in seen:
            yield Fault(pointer=where, code="duplicate-key", detail=f"{key} stands twice", line=line)
        seen.add(key)
        yield from _repeated_keys(child, where)


def _unstorable(value: Any, pointer: str) -> Iterator[Fault]:
    if isinstance(value, str) and _UNSTORABLE.search(value):
        yield Fault(pointer=pointer, code="invalid-text", detail="NUL and lone surrogates cannot be kept")
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _unstorable(key, pointer)
            yield from _unstorable(entry, below(pointer, str(key)))
    elif isinstance(value, list):
        for at, entry in enumerate(value):
            yield from _unstorable(entry, below(pointer, at))


def _with_line(fault: Fault, lines: Mapping[str, int]) -> Fault:
    pointer = fault.pointer
    while pointer and pointer not in lines:
        pointer = pointer.rpartition("/")[0]
    return Fault(pointer=fault.pointer, code=fault.code, detail=fault.detail, line=fault.line or lines.get(pointer))
