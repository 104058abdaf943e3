"""``POST /api/v1/classify``: what the model says of up to 100 texts; nothing is stored or routed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field

from services.classifier.answering import Answering
from services.classifier.question import Question
from shared.domain.classification import Classification
from shared.http.caller import INTEGRATOR, Authenticator
from shared.http.types import Answer, CleanLine, CleanText, Request

LONGEST_TEXT = 64_000
MOST_ITEMS = 100


class ClassifyItem(Request):
    """One text to be classified; ``language`` is a hint and counts only where the text is very short."""

    text: Annotated[CleanText, Field(max_length=LONGEST_TEXT)]
    subject: Annotated[CleanLine, Field(max_length=1_000)] | None = None
    channel: Literal["email", "chat", "voicemail", "desk", "web", "api"] = "api"
    language: Annotated[str, Field(max_length=35)] | None = None

    def question(self) -> Question:
        """The item as the pipeline takes it."""
        return Question(self.text, subject=self.subject, channel=self.channel, language_hint=self.language)


class ClassifyRequest(Request):
    """The texts, answered in order."""

    items: Annotated[list[ClassifyItem], Field(min_length=1, max_length=MOST_ITEMS)]


class ClassifyAnswer(Answer):
    """One classification an item; parts that the pipeline does not have are ``null``."""

    items: list[Classification]


def routes(*, answering: Answering, authenticator: Authenticator) -> APIRouter:
    """The classifier's route, for integrators and operations."""
    router = APIRouter(tags=["classify"])
    allowed: Any = Depends(authenticator.require(INTEGRATOR, "operations"))

    @router.post("/api/v1/classify", dependencies=[allowed], operation_id="classify", summary="Classify texts")
    async def classify(request: ClassifyRequest) -> ClassifyAnswer:
        """Language, topic, urgency, sentiment and flags of each text, with confidence. Nothing is kept."""
        questions = [item.question() for item in request.items]
        return ClassifyAnswer(items=await answering.classify(questions))

    return router
