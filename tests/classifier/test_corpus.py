"""Corpus and gate are complete, labelled, and strangers to each other."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from services.classifier.corpus import GATE, CorpusError, Example, corpus_hash, read_corpus, read_gate
from shared.domain.classification import LANGUAGES, TOPICS

NEAR = 0.7


@pytest.fixture(scope="module")
def corpus() -> list[Example]:
    return read_corpus()


@pytest.fixture(scope="module")
def gate() -> list[Example]:
    return read_gate()


def _closest(texts: Sequence[str], others: Sequence[str]) -> np.ndarray:
    parts = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, dtype=np.float32)
    known = parts.fit_transform(others)
    return (parts.transform(texts) @ known.T).toarray()


def test_the_corpus_has_eight_messages_or_more_of_every_topic_and_language(corpus: list[Example]) -> None:
    counts = Counter((example.language, example.topic) for example in corpus)
    assert set(counts) == {(language, topic) for language in LANGUAGES for topic in TOPICS}
    assert min(counts.values()) >= 8


def test_the_gate_is_the_one_that_was_sealed() -> None:
    lines = (GATE / "SHA256SUMS").read_text("utf-8").splitlines()
    sealed = dict(reversed(line.split()) for line in lines if line and not line.startswith("#"))
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in GATE.glob("*.jsonl")} == sealed


def test_no_message_of_the_gate_is_near_one_of_the_corpus(corpus: list[Example], gate: list[Example]) -> None:
    near = _closest([example.text for example in gate], [example.text for example in corpus]).max(axis=1)
    assert np.flatnonzero(near > NEAR).tolist() == []


@pytest.mark.parametrize("name", ["corpus", "gate"])
def test_no_two_messages_of_one_set_are_near(name: str, request: pytest.FixtureRequest) -> None:
    texts = [example.text for example in request.getfixturevalue(name)]
    near = np.triu(_closest(texts, texts), k=1)
    assert np.argwhere(near > NEAR).tolist() == []


def test_the_hash_follows_the_examples(corpus: list[Example]) -> None:
    assert corpus_hash(corpus) == corpus_hash(read_corpus())
    assert corpus_hash(corpus) != corpus_hash(corpus[1:])


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "not a labelled message"),
        ('{"text": "a"}', "not a labelled message"),
        ('{"text": " ", "channel": "chat", "urgency": 2, "sentiment": "neutral"}', "no text"),
        ('{"text": "a", "channel": "chat", "urgency": 5, "sentiment": "neutral"}', "unknown urgency 5"),
        ('{"text": "a", "channel": "chat", "urgency": 2, "sentiment": "glum"}', "unknown sentiment 'glum'"),
    ],
)
def test_an_example_that_cannot_be_used_is_told_by_its_line(tmp_path: Path, line: str, complaint: str) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "billing.jsonl").write_text(f"\n{line}\n", "utf-8")
    with pytest.raises(CorpusError, match=f"billing.jsonl, line 2: {complaint}"):
        read_corpus(tmp_path)


def test_an_empty_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no examples"):
        read_corpus(tmp_path)
