"""The model in a process of its own gives the same answers, and its death costs one batch."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.classifier import bundle
from services.classifier.apart import Apart, ClassifierDied
from services.classifier.bundle import Bundle, BundleRefused
from services.classifier.pipeline import Pipeline
from services.classifier.question import Question

QUESTIONS = [
    Question("Meine Karte wurde doppelt belastet, die Rechnung ist falsch."),
    Question("Where is my parcel?", subject="Delivery", channel="email", language_hint="en", context="Hello"),
    Question(""),
    Question("🙂" * 70_000),
]


@pytest.fixture
def folder(tiny_bundle: Bundle, tmp_path: Path) -> Path:
    bundle.write(tiny_bundle, tmp_path / "tiny")
    return tmp_path / "tiny"


@pytest.fixture
async def apart(folder: Path) -> AsyncIterator[Apart]:
    made = Apart(folder)
    await made.start()
    yield made
    await made.close()


def pid(apart: Apart) -> int:
    assert apart._child is not None
    return apart._child.pid


async def test_answers_are_those_of_the_model_here(apart: Apart, folder: Path) -> None:
    assert await apart.classify(QUESTIONS) == Pipeline(bundle.read(folder)).classify(QUESTIONS)


async def test_nothing_asked_is_nothing_answered(apart: Apart) -> None:
    assert await apart.classify([]) == []


async def test_many_who_ask_at_once_get_their_own_answers(apart: Apart) -> None:
    alone = [await apart.classify([question]) for question in QUESTIONS]
    assert await asyncio.gather(*(apart.classify([question]) for question in QUESTIONS)) == alone


async def test_a_death_costs_one_batch_and_another_takes_over(apart: Apart) -> None:
    before, first = await apart.classify(QUESTIONS), pid(apart)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(ClassifierDied):
        await apart.classify(QUESTIONS)
    assert await apart.classify(QUESTIONS) == before
    assert pid(apart) != first


async def test_a_child_that_says_nothing_is_replaced(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.classifier.apart._ANSWER_SECONDS", 0.3)
    os.kill(pid(apart), signal.SIGSTOP)
    with pytest.raises(ClassifierDied):
        await apart.classify(QUESTIONS)
    monkeypatch.undo()
    assert len(await apart.classify(QUESTIONS)) == len(QUESTIONS)


async def test_an_answer_that_nobody_waits_for_is_not_the_next_ones(apart: Apart) -> None:
    expected = await apart.classify(QUESTIONS[:1])
    os.kill(pid(apart), signal.SIGSTOP)
    asked = asyncio.create_task(apart.classify(QUESTIONS))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert await apart.classify(QUESTIONS[:1]) == expected


async def test_a_bundle_that_does_not_fit_is_refused_in_its_words(tiny_bundle: Bundle, tmp_path: Path) -> None:
    states = {name: state for name, state in tiny_bundle.states.items() if name != "topic"}
    bundle.write(replace(tiny_bundle, states=states), tmp_path / "partial")
    with pytest.raises(BundleRefused, match="has no component 'topic'"):
        await Apart(tmp_path / "partial").start()


async def test_it_ends_with_whoever_started_it(apart: Apart) -> None:
    child = apart._child
    assert child is not None
    assert child.stdin is not None
    child.stdin.close()  # as the kernel does when the parent is killed
    assert await asyncio.wait_for(child.wait(), 10) == 0
