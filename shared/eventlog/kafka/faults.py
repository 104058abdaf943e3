"""What the client library raises, as errors of ours; every wait for a broker ends by itself."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    AuthenticationMethodNotSupported,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from shared.errors import LogUnavailable

_DOOR_SECONDS = 3.0
_UNWELCOME = (
    AuthenticationFailedError,
    AuthenticationMethodNotSupported,
    IllegalSaslStateError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)


@asynccontextmanager
async def bounded(seconds: float, what: str) -> AsyncIterator[None]:
    """Let the block ask the brokers, for ``seconds`` at most.

    Raises:
        LogUnavailable: they do not answer, or say no; whether they did it is unknown.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise LogUnavailable(f"{what}: no answer from Kafka within {seconds:g} s") from error
    except (KafkaError, OSError) as error:
        raise LogUnavailable(f"{what}: {told(error)}") from error


def told(error: Exception) -> str:
    """The error in words, without its class's ornaments."""
    words = " ".join(str(error).split())
    return words or type(error).__name__


async def why_not(client: dict[str, Any]) -> str:
    """Knock at each broker's door and say what is behind it: nobody, a stranger, or one who does not want us.

    The library says no more than that it could not get in.
    """
    rest = {name: value for name, value in client.items() if name != "bootstrap_servers"}
    return "; ".join([await _knock(place, rest) for place in client["bootstrap_servers"].split(",")])


async def _knock(place: str, rest: dict[str, Any]) -> str:
    host, _, port = place.rpartition(":")
    try:
        async with asyncio.timeout(_DOOR_SECONDS):
            connection = await create_conn(host.strip("[]"), int(port), **rest)
    except _UNWELCOME as error:
        return f"{place} refuses our credentials ({told(error)})"
    except ssl.SSLError as error:
        return f"{place} cannot be trusted, or does not trust us ({error.reason or told(error)})"
    except TimeoutError:
        return f"{place} does not answer"
    except (KafkaError, OSError) as error:
        return f"{place} cannot be reached ({told(error)})"
    connection.close()
    return f"{place} answers"
