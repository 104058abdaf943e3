"""Records of every released version stay readable, and today's readers refuse what they do not understand."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.ingest import status
from shared.catalogue import CATALOGUE, Kind, check_type
from shared.errors import Undecodable
from shared.events import ROUTING, CloudEvent, body, decode, event_type

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/*.json"))

every_record = pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name} {file.stem}")


def event(file: Path) -> CloudEvent:
    """The record as a reader gets it."""
    kept = json.loads(file.read_text("utf-8"))
    return decode(kept["key"], kept["headers"], json.dumps(kept["value"]).encode())


def kind(file: Path) -> Kind:
    """What the record is one of."""
    (found,) = [each for each in CATALOGUE if file.stem == f"{each.stream}.{each.name}.v1"]
    return found


def names(value: Any) -> Any:
    """The fields, at every depth."""
    return {name: names(inner) for name, inner in value.items()} if isinstance(value, dict) else None


def test_every_released_version_has_its_records() -> None:
    changelog = (HERE.parents[1] / "CHANGELOG.md").read_text("utf-8")
    released = set(re.findall(r"^## (\d+\.\d+\.\d+)(?! \(unreleased\))", changelog, re.MULTILINE)) | {"0.1.0"}
    assert released <= {file.parent.name for file in FILES}, "run tools/record_golden.py"


def test_every_kind_of_the_first_version_is_known_still() -> None:
    first = {file.stem for file in FILES if file.parent.name == "0.1.0"}
    assert len(first) == 18
    assert first <= {f"{each.stream}.{each.name}.v1" for each in CATALOGUE}


@every_record
def test_it_is_read_without_losing_a_field(file: Path) -> None:
    read = event(file)
    found = body(read, kind(file).body, kind(file).name)
    assert names(found.model_dump(mode="json", by_alias=True, exclude_unset=True)) == names(read.data)
    check_type(read.type)


@pytest.mark.parametrize(
    "file", [file for file in FILES if file.name.startswith(f"{ROUTING}.")], ids=lambda file: file.stem
)
def test_ingest_folds_it(file: Path) -> None:
    inquiries: dict[Any, Any] = {}
    works: dict[Any, Any] = {}
    status.fold(event(file), inquiries, works)
    assert bool(inquiries or works) == (
        kind(file).name not in {"message.added", "presence.changed", "agent.changed", "ruleset.published"}
    )


@every_record
def test_a_field_of_a_later_version_does_no_harm(file: Path) -> None:
    read = event(file)
    body(replace(read, data=read.data | {"mood_of_the_moon": 3}), kind(file).body, kind(file).name)


@every_record
def test_another_version_of_it_is_refused(file: Path) -> None:
    read = replace(event(file), type=event(file).type.removesuffix(".v1") + ".v2")
    with pytest.raises(Undecodable, match="unknown"):
        check_type(read.type)
    with pytest.raises(Undecodable, match="unknown event type"):
        body(read, kind(file).body, kind(file).name)


def test_a_kind_of_ours_from_a_later_version_may_be_passed_over() -> None:
    check_type(event_type("offer.admired"))


@pytest.mark.parametrize(
    "foreign", ["", "com.example.order.v1", "inquiryrouter.offer.made", "inquiryrouter.offer.made.v1x"]
)
def test_what_is_nobodys_we_know_is_refused(foreign: str) -> None:
    with pytest.raises(Undecodable, match="not an event type of ours"):
        check_type(foreign)
