"""Where the brokers are and how one gets in, and what that means to the client library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.helpers import create_ssl_context

from shared.errors import SettingsError
from shared.eventlog.encoding import PARTITIONS

_REQUEST_MS = 10_000


@dataclass(frozen=True, slots=True)
class Access:
    """Brokers as ``host:port,host:port``; with ``tls`` encrypted, with a ``mechanism`` signed in."""

    brokers: str
    tls: bool = False
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    mechanism: str | None = None
    username: str | None = None
    password: str | None = None

    def client(self) -> dict[str, Any]:
        """Keywords of every client.

        Raises:
            SettingsError: a certificate or key cannot be used.
        """
        protocol = ("SASL_" if self.mechanism else "") + ("SSL" if self.tls else "PLAINTEXT")
        given: dict[str, Any] = {
            "bootstrap_servers": self.brokers,
            "security_protocol": protocol,
            "request_timeout_ms": _REQUEST_MS,
        }
        if self.tls:
            given["ssl_context"] = self._context()
        if self.mechanism:
            given |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return given

    def _context(self) -> Any:
        try:
            return create_ssl_context(
                cafile=_text(self.authority), certfile=_text(self.certificate), keyfile=_text(self.key)
            )
        except (OSError, ValueError) as error:
            files = [str(path) for path in (self.authority, self.certificate, self.key) if path is not None]
            raise SettingsError([f"KAFKA_TLS: {', '.join(files)} cannot be used: {error}"]) from error


@dataclass(frozen=True, slots=True)
class Shape:
    """What a stream of ours looks like. ``copies`` of ``None``: three, or one a broker if there are fewer."""

    partitions: int = PARTITIONS
    copies: int | None = None
    days: float = 7.0

    @property
    def retention_ms(self) -> int:
        return round(self.days * 86_400_000)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. A member that is silent for ``session`` loses its share; who waits longer than the others is told."""

    session: float = 6.0
    publish: float = 10.0
    join: float = 15.0
    ask: float = 5.0
    commit: float = 3.0
    stall: float = 10.0


def _text(path: Path | None) -> str | None:
    return str(path) if path is not None else None
