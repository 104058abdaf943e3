"""What the classifier is asked: the words of one inquiry and where they came from."""

from __future__ import annotations

from dataclasses import dataclass

MAX_CHARS = 8_000
"""Characters that are looked at: 1,300 words hold any request, and the time for one answer stays bounded."""


@dataclass(frozen=True, slots=True)
class Question:
    """One message; ``context`` is the earlier text of the same chat, ``language_hint`` a BCP 47 tag."""

    text: str
    subject: str | None = None
    channel: str = "api"
    language_hint: str | None = None
    context: str | None = None

    def words(self) -> str:
        """Everything the customer said, earlier words first, cut to ``MAX_CHARS`` (the newest words are kept)."""
        said = own_words(self.text)
        if self.context:
            said = f"{self.context}\n{said}"[-MAX_CHARS:]
        if self.subject:
            said = f"{self.subject[:500]}\n{said}"
        return said[:MAX_CHARS]


def own_words(text: str) -> str:
    """``text`` without the lines that quote someone else, unless nothing else is there."""
    if "\n>" not in text and not text.startswith(">"):
        return text
    kept = "\n".join(line for line in text.split("\n") if not line.startswith(">"))
    return kept if kept.strip() else text
