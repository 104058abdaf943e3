"""A POST that may be sent twice: the second answer is the first one, word for word.

Only granted wishes are kept; a refusal is decided anew. The row goes in before the action and the answer after it, in
transactions of their own: after a crash in between the action runs again, so it must itself do a thing only once.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

import asyncpg
import structlog
from fastapi import Request, Response
from pydantic import BaseModel

from shared.access.caller import Caller
from shared.access.limits import RefusedForNow
from shared.coalescing import Coalescer
from shared.database.connection import translate
from shared.errors import DatabaseUnavailable, Fault, Refused
from shared.http.types import reply

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotent-Replayed": "true"}
ABANDONED_AFTER = timedelta(seconds=12)
"""Every request ends in ten seconds: one without an answer by then died with its process, and the next one may run."""

_VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("content-type", "location", "etag")

# Losing this row in a crash costs nothing that running again would not heal: no flush is waited for.
_START = """
INSERT INTO access.idempotency AS old (caller, door, key, body_hash)
SELECT caller, door, key, body_hash
FROM (SELECT set_config('synchronous_commit', 'off', true)) AS without_flush,
    unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) AS n (caller, door, key, body_hash)
ORDER BY caller, door, key
ON CONFLICT (caller, door, key) DO UPDATE SET started_at = now()
    WHERE old.status IS NULL AND old.started_at < now() - $5::interval AND old.body_hash = excluded.body_hash
RETURNING caller, door, key
"""
_READ = "SELECT body_hash, status, headers, body FROM access.idempotency WHERE (caller, door, key) = ($1, $2, $3)"
_FINISH = """
UPDATE access.idempotency AS old SET status = n.status, headers = n.headers, body = n.body
FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::jsonb[], $6::bytea[])
    AS n (caller, door, key, status, headers, body)
WHERE (old.caller, old.door, old.key) = (n.caller, n.door, n.key)
"""
_RELEASE = "DELETE FROM access.idempotency WHERE (caller, door, key) = ($1, $2, $3) AND status IS NULL"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer given before."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Name = tuple[str, str, str]
"""Caller, door (method and path) and key."""


class IdempotencyStore:
    """Answers by caller, door and key, in ``access.idempotency``; what comes at once is written together."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool
        self._starts: Coalescer[tuple[Name, bytes], bool] = Coalescer(self._start_all, key=lambda wish: wish[0])
        self._finishes: Coalescer[tuple[Name, Kept], None] = Coalescer(self._finish_all, key=lambda wish: wish[0])

    async def start(self, name: Name, body_hash: bytes) -> Kept | None:
        """``None``: go ahead, then ``finish`` or ``release``. Else the answer of before.

        Raises:
            Refused: ``idempotency-key-reused`` for another body.
            RefusedForNow: ``in-progress``.
            DatabaseUnavailable: it cannot be known now.
        """
        if await self._starts.submit((name, body_hash)):
            return None
        with translate():
            row = await self._pool.fetchrow(_READ, *name)
        if row is not None and row["body_hash"] != body_hash:
            raise Refused("idempotency-key-reused")
        if row is None or row["status"] is None:
            raise RefusedForNow("in-progress", retry_after=1)
        return Kept(row["status"], row["headers"], row["body"])

    async def finish(self, name: Name, kept: Kept) -> None:
        """Keep the answer, durably."""
        await self._finishes.submit((name, kept))

    async def release(self, name: Name) -> None:
        """Forget a request that came to nothing."""
        with translate():
            await self._pool.execute(_RELEASE, *name)

    async def _start_all(self, wishes: Sequence[tuple[Name, bytes]]) -> list[bool]:
        columns = zip(*((*name, body_hash) for name, body_hash in wishes), strict=True)
        with translate():
            rows = await self._pool.fetch(_START, *map(list, columns), ABANDONED_AFTER)
        begun = {tuple(row) for row in rows}
        return [name in begun for name, _ in wishes]

    async def _finish_all(self, wishes: Sequence[tuple[Name, Kept]]) -> list[None]:
        rows = ((*name, kept.status, dict(kept.headers), kept.body) for name, kept in wishes)
        with translate():
            await self._pool.execute(_FINISH, *map(list, zip(*rows, strict=True)))
        return [None] * len(wishes)


def idempotency_key(request: Request) -> str | None:
    """The request's key, which commands keep as their ``cause``.

    Raises:
        Refused: ``invalid``; several keys, or not 1 to 255 visible ASCII characters.
    """
    keys = request.headers.getlist(HEADER)
    if not keys:
        return None
    if len(keys) > 1 or not _VISIBLE.fullmatch(keys[0]):
        detail = f"{HEADER} is 1 to 255 visible ASCII characters."
        raise Refused("invalid", detail, faults=[Fault(f"/{HEADER}", "invalid")])
    return keys[0]


async def once(
    request: Request,
    caller: Caller,
    store: IdempotencyStore,
    action: Callable[[], Awaitable[Response | BaseModel]],
    *,
    status: int = 200,
) -> Response:
    """The answer of ``action`` (a model is sent with ``status``), or the one given before under the same key.

    Raises:
        Refused, RefusedForNow, DatabaseUnavailable: as ``IdempotencyStore.start``, and whatever ``action`` raises.
    """
    key = idempotency_key(request)
    if key is None:
        return _response(await action(), status)
    name = (caller.id, f"{request.method} {request.url.path}", key)
    kept = await store.start(name, sha256(await request.body()).digest())
    if kept is not None:
        return Response(kept.body, kept.status, {**kept.headers, **REPLAYED})
    try:
        response = _response(await action(), status)
    except Exception:
        await _quietly(store.release(name))
        raise
    await _quietly(_settle(store, name, response))
    return response


async def _settle(store: IdempotencyStore, name: Name, response: Response) -> None:
    if response.status_code >= 300:
        await store.release(name)
        return
    headers = {header: response.headers[header] for header in _KEPT_HEADERS if header in response.headers}
    await store.finish(name, Kept(response.status_code, headers, bytes(response.body)))


async def _quietly(step: Awaitable[None]) -> None:
    """Do what can be done later too: the action has happened, and its answer matters more."""
    try:
        await step
    except DatabaseUnavailable:
        _log.warning("idempotency_not_settled")


def _response(answer: Response | BaseModel, status: int) -> Response:
    return answer if isinstance(answer, Response) else reply(answer, status=status)
