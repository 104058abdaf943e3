"""Random secrets that sign a caller in, and the hash that is kept in their place."""

from __future__ import annotations

import secrets
from hashlib import sha256

SHOWN = 11
"""Characters of a key that lists show, so that people can tell keys apart."""
LONGEST = 512


def new_key() -> str:
    """An integrator's key: a mark that scanners for leaked secrets can find, and 256 random bits."""
    return f"ir_key_{secrets.token_urlsafe(32)}"


def new_session() -> str:
    """The token of one sign-in: 256 random bits."""
    return f"ir_ses_{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> bytes:
    """What the database keeps. No salt or stretching: nobody guesses 256 bits."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
