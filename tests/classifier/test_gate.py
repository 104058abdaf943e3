"""The gate is complete: every label is of a closed set, and the root of each message stands in its text."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from services.classifier.corpus import GATE, SENTIMENTS, URGENCIES
from shared.domain.classification import LANGUAGES, TOPICS

A_LANGUAGE = 200
A_TOPIC = 13
FIELDS = [
    "id", "text", "subject", "channel", "topic", "urgency", "sentiment", "second_topic", "anger", "flags", "root",
]  # fmt: skip
CHANNELS = ("email", "web", "chat", "voicemail", "desk", "api")
FLAGS = (
    "abusive", "company_fault", "auto_reply", "bounce", "spam", "legal_threat", "repeat_contact", "vulnerable",
)  # fmt: skip

Message = dict[str, Any]


@pytest.fixture(scope="module")
def messages() -> dict[str, list[Message]]:
    return {
        path.stem: [json.loads(line) for line in path.read_text("utf-8").splitlines()] for path in GATE.glob("*.jsonl")
    }


@pytest.fixture(scope="module")
def every(messages: dict[str, list[Message]]) -> list[Message]:
    return [message for language in sorted(messages) for message in messages[language]]


def test_every_language_has_two_hundred_messages_and_thirteen_or_more_of_every_topic(
    messages: dict[str, list[Message]],
) -> None:
    assert {language: len(found) for language, found in messages.items()} == dict.fromkeys(LANGUAGES, A_LANGUAGE)
    counts = Counter((language, message["topic"]) for language, found in messages.items() for message in found)
    assert {pair for pair in counts if counts[pair] >= A_TOPIC} == {(la, topic) for la in LANGUAGES for topic in TOPICS}


def test_every_message_has_an_id_of_its_own_that_tells_language_and_topic(messages: dict[str, list[Message]]) -> None:
    stray = [
        message["id"]
        for language, found in messages.items()
        for message in found
        if message["id"].rpartition("-")[0] != f"{language}-{message['topic']}"
    ]
    assert stray == []
    counts = Counter(message["id"] for found in messages.values() for message in found)
    assert [known for known, times in counts.items() if times > 1] == []


def test_every_message_has_all_fields_and_no_others(every: list[Message]) -> None:
    assert [message["id"] for message in every if list(message) != FIELDS] == []


@pytest.mark.parametrize(
    ("field", "allowed"),
    [
        ("channel", CHANNELS),
        ("topic", TOPICS),
        ("second_topic", (*TOPICS, None)),
        ("urgency", URGENCIES),
        ("sentiment", SENTIMENTS),
        ("anger", (0, 1, 2, 3)),
    ],
)
def test_every_label_is_of_its_closed_set(every: list[Message], field: str, allowed: tuple[object, ...]) -> None:
    assert [message["id"] for message in every if message[field] not in allowed] == []


def test_flags_are_of_the_closed_set_each_once_and_in_its_order(every: list[Message]) -> None:
    odd = [
        message["id"] for message in every if message["flags"] != [flag for flag in FLAGS if flag in message["flags"]]
    ]
    assert odd == []


def test_the_second_topic_is_another_one(every: list[Message]) -> None:
    assert [message["id"] for message in every if message["second_topic"] == message["topic"]] == []


def test_the_root_stands_in_the_text(every: list[Message]) -> None:
    assert [
        message["id"] for message in every if not message["root"].strip() or message["root"] not in message["text"]
    ] == []


def test_every_anger_and_flag_and_urgency_occurs_in_every_language(messages: dict[str, list[Message]]) -> None:
    for language, found in messages.items():
        assert {message["anger"] for message in found} == {0, 1, 2, 3}, language
        assert {flag for message in found for flag in message["flags"]} == set(FLAGS), language
        assert {message["urgency"] for message in found} == set(URGENCIES), language
