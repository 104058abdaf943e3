"""Every hostile mail, by kind. Own work throughout; made by code, so that each says what is wrong with it."""

from __future__ import annotations

from tests.hostile.case import Case
from tests.hostile.kinds import (
    amount,
    attachments,
    automatic,
    boundaries,
    characters,
    charsets,
    contradictions,
    dates,
    depth,
    html,
    identity,
    injection,
    nothing,
    quadratic,
)

KINDS = (
    depth,
    amount,
    quadratic,
    charsets,
    characters,
    nothing,
    identity,
    dates,
    automatic,
    injection,
    attachments,
    boundaries,
    contradictions,
    html,
)


def mails() -> list[Case]:
    """All of them, in a fixed order."""
    return [case for kind in KINDS for case in kind.cases()]
