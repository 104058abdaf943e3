"""An application with one route of each kind, and a client that reaches it without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter
from fastapi import Request as HttpRequest
from pydantic import Field

from shared.errors import DatabaseUnavailable, Fault, Refused
from shared.http.app import create_app
from shared.http.types import Answer, CleanLine, CleanObject, CleanText, Limit, Request


class Healthy:
    """Readiness that a test sets."""

    def __init__(self) -> None:
        self.well = True

    def ready(self) -> tuple[bool, Mapping[str, object]]:
        return self.well, {"database": "postgresql://secret@host"}


class Note(Request):
    text: CleanText
    subject: CleanLine | None = None
    share: float = 0.0
    count: int = 0
    attributes: CleanObject = Field(default_factory=dict)


class Kept(Answer):
    text: str
    subject: str | None
    attributes: dict[str, Any]


def everything() -> APIRouter:
    router = APIRouter()

    @router.post("/api/v1/notes", status_code=202)
    async def keep(note: Note) -> Kept:
        return Kept(text=note.text, subject=note.subject, attributes=note.attributes)

    @router.get("/api/v1/notes/{note_id}")
    async def read(note_id: UUID) -> dict[str, str]:
        return {"id": str(note_id)}

    @router.get("/api/v1/notes")
    async def listed(limit: Limit = 50) -> dict[str, int]:
        return {"limit": limit}

    @router.post("/api/v1/raw")
    async def raw(request: HttpRequest) -> dict[str, int]:
        return {"size": len(await request.body())}

    @router.get("/api/v1/broken")
    async def broken() -> None:
        raise RuntimeError("a secret of ours")

    @router.get("/api/v1/away")
    async def away() -> None:
        raise DatabaseUnavailable("connection to 10.0.0.1 refused", retry_after=2.5)

    @router.get("/api/v1/refused/{code}")
    async def refused(code: str) -> None:
        raise Refused(code, faults=[Fault("/rules/0/when", "unknown-field", "no such field", line=7)])

    return router


@pytest.fixture
def health() -> Healthy:
    return Healthy()


@pytest.fixture
async def client(health: Healthy) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(title="Test", routers=[everything()], health=health, largest_body=100_000)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client
