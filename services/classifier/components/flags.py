"""Marks that a fixed list of phrases raises: insults, blame, repeated contact, legal threats, vulnerable people.

Word lists, not a model: a mark says that such words occur, not that they are meant. The lists of the text's own
language are searched; a text whose language is unknown gets no mark.
"""

from __future__ import annotations

from services.classifier.component import Batch, Component, Lessons, State
from services.classifier.lexicon import Phrases


class Flags(Component):
    """The names of the lists with a phrase in the text."""

    name = "flags"
    needs = ("language",)

    @classmethod
    def learn(cls, lessons: Lessons) -> State:
        return State({"phrases": {language: words["flags"] for language, words in lessons.lexicon.items()}})

    def __init__(self, state: State) -> None:
        self._phrases = {language: Phrases(lists) for language, lists in state.settings["phrases"].items()}

    def apply(self, batch: Batch) -> None:
        for text, draft in zip(batch.texts, batch.drafts, strict=True):
            phrases = self._phrases.get(draft.language.value)
            draft.flags = phrases.found_in(text) if phrases else ()


COMPONENT = Flags
