"""The committed description of the event log is the one that the models make, and the parser's check can fail."""

from __future__ import annotations

import pytest

from shared import asyncapi
from shared.catalogue import CATALOGUE
from shared.events import STREAMS, event_type
from tests.architecture.documents import PROJECT, ROOT, faults_in_events

COMMITTED = ROOT / "docs" / "asyncapi.yaml"


def test_the_committed_document_is_up_to_date() -> None:
    assert COMMITTED.read_text("utf-8") == asyncapi.text(), "run `make asyncapi`"


def test_every_stream_and_every_kind_of_event_is_in_it() -> None:
    document = asyncapi.document()
    assert [channel["address"] for channel in document["channels"].values()] == list(STREAMS)
    messages = document["components"]["messages"]
    assert [message["name"] for message in messages.values()] == [event_type(kind.name) for kind in CATALOGUE]
    assert len(messages) == len(CATALOGUE)


def test_the_committed_document_is_sound() -> None:
    assert faults_in_events(COMMITTED.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("sound", "broken", "fault"),
    [
        ("action: send", "action: shout", "action"),
        ("'#/components/schemas/OfferMade'", "'#/components/schemas/Nothing'", "components.messages"),
        ("asyncapi: 3.0.0", "asyncapi: 9.0.0", "document"),
    ],
)
def test_a_broken_document_is_refused_with_the_place(sound: str, broken: str, fault: str) -> None:
    document = COMMITTED.read_text("utf-8")
    assert sound in document
    assert any(fault in told.partition(":")[0] for told in faults_in_events(document.replace(sound, broken, 1)))


def test_the_lock_file_names_no_download_address() -> None:
    assert '"resolved"' not in (PROJECT / "package-lock.json").read_text()
