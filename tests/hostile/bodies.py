"""JSON that is not, or is too much: every one is answered by a problem document or taken, never by a 5xx."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Body:
    """What is posted, and every status that is a right answer to it."""

    id: str
    raw: bytes
    statuses: frozenset[int]

    def at(self, door: str) -> bytes:
        """The bytes for ``door``: a voicemail is named by its call."""
        if door != "voicemails":
            return self.raw
        call = b'{"call_id": "hostile-%b", "from": "+37120000000", "text"' % self.id.encode()
        return self.raw.replace(b'{"text"', call, 1)


_REFUSED = frozenset({400, 413, 422})
_ACCEPTED = frozenset({202})


def bodies() -> list[Body]:
    """All of them; the field that carries the text is ``text`` at both doors."""
    return [
        Body("depth", b"[" * 100_000 + b"]" * 100_000, _REFUSED),
        Body("digits", b'{"text": "x", "attributes": {"n": ' + b"9" * 100_000 + b"}}", _REFUSED),
        Body("nul", _json(text="Where is\u0000 my parcel?"), _ACCEPTED),
        Body("surrogate", b'{"text": "Where is \\ud800 my parcel?"}', _ACCEPTED | _REFUSED),
        Body("twin-keys", b'{"text": "one", "text": "two", "text": 3}', _REFUSED),
        Body("nan", b'{"text": NaN, "attributes": {"a": Infinity}}', _REFUSED),
        Body(
            "privileged",
            _json(text="x", id="1", state="completed", queue="vip", priority=99, roles=["operations"]),
            _REFUSED,
        ),
        Body("many-keys", _json(text="x", attributes={f"k{n}": "v" for n in range(50_000)}), _REFUSED),
        Body("prototype", _json(text="x", __proto__={"admin": True}, constructor={"prototype": {}}), _REFUSED),
        Body("bad-utf8", b'{"text": "\xff\xfe\xed\xa0\x80"}', _REFUSED),
        Body("mark", b"\xef\xbb\xbf" + _json(text="x"), _REFUSED | _ACCEPTED),
        Body("empty", b"", _REFUSED),
        Body("types", _json(text=["x"], channel=7, sender="me", attachments={"a": 1}), _REFUSED),
        Body("floats", _json(text="x", thread=1.5e308, call_id=-0.0), _REFUSED),
        Body("large", b'{"text": "' + b"x" * 11_000_000 + b'"}', frozenset({413})),
    ]


def _json(**fields: Any) -> bytes:
    return json.dumps(fields).encode()
