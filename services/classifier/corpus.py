"""The examples of the default model and of its gate: JSON lines, checked on reading, with a hash as identity.

Corpus: ``<language>/<topic>.jsonl``. Gate: ``<language>.jsonl`` with the topic on each line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.classifier.question import Question
from shared.domain.classification import LANGUAGES, TOPICS
from shared.errors import Permanent

CORPUS = Path(__file__).parent / "corpus"
GATE = Path(__file__).parent / "gate"
SENTIMENTS = ("negative", "neutral", "positive")
URGENCIES = (1, 2, 3, 4)


class CorpusError(Permanent):
    """An example that cannot be used; says file, line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled message."""

    text: str
    subject: str | None
    channel: str
    language: str
    topic: str
    urgency: int
    sentiment: str

    def question(self) -> Question:
        """The message without its labels."""
        return Question(text=self.text, subject=self.subject, channel=self.channel)


def read_corpus(folder: Path = CORPUS) -> list[Example]:
    """Every example below ``folder``, in a fixed order.

    Raises:
        CorpusError: a line is not a labelled message, or there are no examples at all.
    """
    paths = sorted(folder.glob("*/*.jsonl"))
    return _filled(folder, [e for path in paths for e in _examples(path, path.parent.name, path.stem)])


def read_gate(folder: Path = GATE) -> list[Example]:
    """Every message of the gate, in a fixed order; raises as ``read_corpus``."""
    return _filled(folder, [e for path in sorted(folder.glob("*.jsonl")) for e in _examples(path, path.stem, None)])


def corpus_hash(examples: Sequence[Example]) -> str:
    """SHA-256 over what is learnt from: the same examples in another layout have the same hash."""
    digest = hashlib.sha256()
    for example in examples:
        parts = [getattr(example, name) for name in example.__slots__]
        digest.update(json.dumps(parts, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def _filled(folder: Path, examples: list[Example]) -> list[Example]:
    if not examples:
        raise CorpusError(f"no examples in {folder}")
    return examples


def _examples(path: Path, language: str, topic: str | None) -> Iterator[Example]:
    for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
        if line.strip():
            yield _example(line, language, topic, where=f"{path.parent.name}/{path.name}, line {number}")


def _example(line: str, language: str, topic: str | None, *, where: str) -> Example:
    try:
        fields: dict[str, Any] = json.loads(line)
        example = Example(
            text=fields["text"],
            subject=fields.get("subject"),
            channel=fields["channel"],
            language=language,
            topic=topic or fields["topic"],
            urgency=fields["urgency"],
            sentiment=fields["sentiment"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{where}: not a labelled message ({error!r})") from error
    _check(example, where)
    return example


def _check(example: Example, where: str) -> None:
    closed = {"language": LANGUAGES, "topic": TOPICS, "urgency": URGENCIES, "sentiment": SENTIMENTS}
    for name, allowed in closed.items():
        if getattr(example, name) not in allowed:
            raise CorpusError(f"{where}: unknown {name} {getattr(example, name)!r}")
    if not isinstance(example.text, str) or not example.text.strip():
        raise CorpusError(f"{where}: no text")
