"""Nobody overwrites what they have not seen: an edit names the version that it was made on."""

from __future__ import annotations

from fastapi import Request

from shared.errors import Refused


def edited(request: Request, version: int) -> int:
    """``version``, if it is the one that the caller has edited (``If-Match``; ``*`` is any).

    Raises:
        Refused: ``precondition-required``, ``version-mismatch``.
    """
    told = request.headers.get("if-match")
    if told is None:
        raise Refused("precondition-required")
    tags = {tag.strip() for tag in told.split(",")}
    if "*" not in tags and f'"{version}"' not in tags:
        raise Refused("version-mismatch")
    return version
