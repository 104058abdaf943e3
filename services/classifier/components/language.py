"""Which of our languages a text is in, or ``und``: no letters, a foreign language, or too little to tell."""

from __future__ import annotations

import numpy as np

from services.classifier.component import Batch, Component, Folds, Lessons, State, head_of, head_state
from services.classifier.features import Floats
from services.classifier.head import softmax
from services.classifier.identify import Ngrams, general_view, snippets, warm_up, words_for_language
from services.classifier.question import Question
from services.classifier.text import strip_marks
from shared.domain.classification import LANGUAGES, UNDETERMINED, Label

_SEED = 7
_SEEN_IN = 3
_LEAST, _LEAST_IN_BRIEF = 0.5, 0.75
"""Below this even the best language is a guess; a word or two are shared by many: *help* looked Swedish at .60."""

_FOREIGN, _FOREIGN_IN_BRIEF, _BRIEF = 0.85, 0.95, 4
"""The share that must speak for a foreign language: more in texts of fewer than four words, where ours look foreign."""

_HINT = 3.0
"""Log-odds that the caller's hint adds to a text of one word; it fades with every further word."""


class Language(Component):
    """Adds up the log-odds of py3langid and of n-grams from the corpus; the shares were found on held-out snippets.

    Measured by cross-validation on snippets of 4 to 6 words, half without diacritics: py3langid .981 right, n-grams
    .982, both .989; from ten words on .999.
    """

    name = "language"

    @classmethod
    def learn(cls, lessons: Lessons) -> State:
        chance = np.random.default_rng(_SEED)
        cut = [
            (snippet, example.language, fold)
            for example, text, fold in zip(lessons.examples, lessons.batch.texts, lessons.folds, strict=True)
            for snippet in snippets(text, chance)
            if words_for_language(snippet)
        ]
        whole = [version for text in lessons.batch.texts for version in (text, strip_marks(text.lower()))]
        ngrams = Ngrams.learn(map(words_for_language, whole), seen_in=_SEEN_IN)
        taught = lessons.teacher.linear(
            [ngrams.vector(words_for_language(snippet)) for snippet, _, _ in cut],
            [language for _, language, _ in cut],
            classes=LANGUAGES,
            size=len(ngrams.names),
            softness=1.0,
            folds=np.asarray([fold for _, _, fold in cut]),
        )
        general = np.asarray([general_view(snippet)[0] for snippet, _, _ in cut])
        truth = np.asarray([LANGUAGES.index(language) for _, language, _ in cut])
        counts = np.bincount(truth, minlength=len(LANGUAGES)) + 1  # a corpus may lack a language
        usual = np.log(counts / counts.sum())
        weights = _best_weights(general, np.log(taught.held_out + 1e-6) - usual, truth)
        return head_state(taught.head, ngrams=list(ngrams.names), weights=weights, usual=usual.tolist())

    def __init__(self, state: State) -> None:
        self._head = head_of(state)
        warm_up()
        self._ngrams = Ngrams(state.settings["ngrams"])
        self._general_weight, self._ngram_weight = state.settings["weights"]
        # A language of which the corpus has more is not for that more likely to be written.
        self._usual = np.asarray(state.settings["usual"], dtype=np.float32)

    def apply(self, batch: Batch) -> None:
        for question, text, draft in zip(batch.questions, batch.texts, batch.drafts, strict=True):
            draft.language = self._label(question, text)

    def _label(self, question: Question, text: str) -> Label:
        said = words_for_language(text)
        if not said:
            return Label(value=UNDETERMINED, confidence=1.0)
        general, foreign = general_view(text)
        own = np.log(self._head.probabilities([self._ngrams.vector(said)])[0] + 1e-6) - self._usual
        scores = self._general_weight * general + self._ngram_weight * own + _prior(question, len(said))
        shares = softmax(scores[np.newaxis, :])[0]
        best = int(shares.argmax())
        if foreign > (_FOREIGN_IN_BRIEF if len(said) < _BRIEF else _FOREIGN):
            return Label(value=UNDETERMINED, confidence=round(foreign, 4))
        if shares[best] < (_LEAST_IN_BRIEF if len(said) < _BRIEF else _LEAST):
            return Label(value=UNDETERMINED, confidence=round(1 - float(shares[best]), 4))
        return Label(value=self._head.classes[best], confidence=round(float(shares[best]), 4))


def _prior(question: Question, words: int) -> Floats:
    prior = np.zeros(len(LANGUAGES), dtype=np.float32)
    hint = (question.language_hint or "").replace("_", "-").split("-")[0].lower()
    if hint in LANGUAGES:
        prior[LANGUAGES.index(hint)] = _HINT / words
    return prior


def _best_weights(general: Floats, own: Floats, truth: Folds) -> list[float]:
    """How much each witness counts: the pair with the least log loss on what was held out."""

    def loss(pair: tuple[float, float]) -> float:
        shares = softmax(pair[0] * general + pair[1] * own)[np.arange(len(truth)), truth]
        return float(-np.log(shares + 1e-9).mean())

    steps = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
    pairs = [(of_general, of_own) for of_general in steps for of_own in steps]
    best = min(pairs, key=loss)
    return list(best)


COMPONENT = Language
