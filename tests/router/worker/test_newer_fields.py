"""What a later classifier says beyond what this router knows reaches those who follow the facts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any


async def test_fields_of_a_later_classifier_are_told_on(company: Any) -> None:
    event = company.event(company.inquiry())
    said = event.data["classification"]
    newer = said | {"irony": {"value": "none"}, "topic": said["topic"] | {"why": "invoice"}}
    await company.take(replace(event, data=event.data | {"classification": newer}))
    told = {row.fact.type: row.fact.data for row in await company.facts()}["inquiry.classified"]["classification"]
    assert told["irony"] == {"value": "none"}
    assert told["topic"]["why"] == "invoice"
