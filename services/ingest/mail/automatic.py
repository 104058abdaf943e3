"""Who wrote a mail, a person or a machine, by its headers; words in the subject only strengthen another sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

Kind = Literal["human", "bounce", "receipt", "auto_reply", "machine_made"]
"""Values of ``shared.domain.inquiry.Automatic``; the child process that uses them stays light."""

Headers = Mapping[str, Sequence[str]]
"""Lower-case name → every value."""

_AUTO_REPLY_SIGNS = ("x-autoreply", "x-autorespond", "x-autoresponder")
_MACHINE_SIGNS = ("list-id", "list-unsubscribe", "feedback-id", "x-auto-response-suppress", "x-loop")
_ABSENCE_WORDS = (
    "out of office", "automatic reply", "auto-reply", "autoreply", "abwesenheit", "automatische antwort", "autosvar",
    "automatiskt svar", "frånvaro", "automatisk svar", "fraværs", "autoodpowiedź", "odpowiedź automatyczna",
    "automatyczna odpowiedź", "automātiskā atbilde", "prombūtn",
)  # fmt: skip


def kind(headers: Headers, *, subject: str, content_type: str, report_type: str | None, null_sender: bool) -> Kind:
    """The class of a mail; the first that fits of bounce, receipt, auto-reply, machine-made, human."""
    report = report_type if content_type == "multipart/report" else None
    if report == "delivery-status" or "x-failed-recipients" in headers:
        return "bounce"
    if report == "disposition-notification":
        return "receipt"
    made_by_machine = null_sender or _is_machine_made(headers)
    if _is_auto_reply(headers) or (made_by_machine and subject.lower().startswith(_ABSENCE_WORDS)):
        return "auto_reply"
    return "machine_made" if made_by_machine else "human"


def _is_auto_reply(headers: Headers) -> bool:
    return (
        _word(headers, "auto-submitted") == "auto-replied"
        or _word(headers, "precedence") == "auto_reply"
        or any(_word(headers, sign) not in {"", "no", "false"} for sign in _AUTO_REPLY_SIGNS)
    )


def _is_machine_made(headers: Headers) -> bool:
    return (
        _word(headers, "auto-submitted") not in {"", "no"}
        or _word(headers, "precedence") in {"bulk", "junk", "list"}
        or _word(headers, "return-path") == "<>"
        or any(sign in headers for sign in _MACHINE_SIGNS)
    )


def _word(headers: Headers, name: str) -> str:
    """The first value of a header, lower case, without its parameters; empty if it has none."""
    return next(iter(headers.get(name, ())), "").partition(";")[0].strip().lower()
