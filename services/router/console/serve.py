"""Hands out the built console.

Promises: every file is read and compressed once, when the routes are made; files below ``a/<hash>/`` may be cached for
ever, everything else is asked for again; each answer carries the strict header of the console. Where nothing was built,
a page says how to build it.
"""

from __future__ import annotations

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from shared.http.envelope import SAFETY

DIST = Path(__file__).parent / "dist"

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
# Python's table follows the machine's; a browser refuses a script that is called text/plain.
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
TEXT = frozenset({*TYPES, ".json", ".txt"})
MISSING = (
    '<!doctype html><html lang="en"><title>Inquiry Router</title><h1>The console is not built yet</h1>'
    "<p>Run <code>make console</code> and start the router again. The API works without it.</p></html>"
)


@dataclass(frozen=True, slots=True)
class _File:
    """One built file, ready to be sent."""

    body: bytes
    packed: bytes | None
    headers: Mapping[str, str]

    def answer(self, request: Request) -> Response:
        headers = dict(self.headers)
        if self.packed is None:
            return Response(self.body, headers=headers)
        headers["vary"] = "accept-encoding"
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self.body, headers=headers)
        return Response(self.packed, headers=headers | {"content-encoding": "gzip"})


def _read(path: Path, name: str) -> _File:
    body = path.read_bytes()
    suffix = path.suffix
    kind = TYPES.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = {
        **SAFETY,
        "content-type": f"{kind}; charset=utf-8" if suffix in TEXT else kind,
        "cache-control": FOR_EVER if name.startswith("a/") else ASK_AGAIN,
    }
    return _File(body=body, packed=gzip.compress(body, mtime=0) if suffix in TEXT else None, headers=headers)


def _files(dist: Path) -> dict[str, _File]:
    """All built files by their path below the console; dot files are the build's own."""
    paths = (path for path in sorted(dist.rglob("*")) if path.is_file() and not path.name.startswith("."))
    names = ((path, path.relative_to(dist).as_posix()) for path in paths)
    return {name: _read(path, name) for path, name in names}


def console_routes(dist: Path = DIST) -> list[BaseRoute]:
    """The routes of the console: ``/`` leads to it, ``/console/…`` is it. Reads ``dist`` now, never again."""
    files = _files(dist)
    index = files.get("index.html")

    async def page(request: Request) -> Response:
        name = request.path_params.get("path", "")
        if index is None:
            return Response(MISSING, status_code=503, media_type="text/html", headers=SAFETY)
        if name.startswith("a/") and name not in files:
            # A tab of an older version asks for a part that is gone: a page in its place would hide that.
            return Response(status_code=404, headers=SAFETY)
        return files.get(name, index).answer(request)

    async def home(_: Request) -> Response:
        return RedirectResponse("/console/")

    return [
        Route("/", home, include_in_schema=False),
        Route("/console", home, include_in_schema=False),
        Route("/console/{path:path}", page, include_in_schema=False),
    ]
