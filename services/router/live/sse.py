"""Server-sent events as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.router.live.objects import Ref, Row
from shared.jsontext import dump_text


def event(name: str, position: int, data: Any) -> str:
    """One event."""
    return f"id: {position}\nevent: {name}\ndata: {dump_text(data)}\n\n"


def changes(shown: Iterable[tuple[Ref, Row | None]]) -> list[Row]:
    """Objects as the changes that bring a client to them: whole, or gone."""
    return [_change(ref, row) for ref, row in shown]


def _change(ref: Ref, row: Row | None) -> Row:
    kind, row_id = ref
    if row is None:
        return {"type": kind, "id": row_id, "removed": True}
    fields = {name: value for name, value in row.items() if name not in {"type", "id", "version"}}
    return {"type": kind, "id": row_id, "version": row["version"], "set": fields}
