"""A mail server to try with: takes mail by SMTP and hands each to ingest by LMTP, recipient by recipient.

mail_server.py LISTEN INGEST    as in 0.0.0.0:2525 ingest:8024
mail_server.py --check LISTEN   exit 0 if it greets

It keeps nothing: what ingest answers is what the sender hears, so that nothing is lost between the two. It knows no
passwords and asks nobody, so it belongs where only friends reach it.
"""  # noqa: INP001  # a script of the image

from __future__ import annotations

import asyncio
import signal
import smtplib
import sys
import threading
from typing import Any

from aiosmtpd.controller import Controller

_LARGEST = 26_214_400
_SECONDS = 30.0


class ToIngest:
    """What is done with a mail: it is ingest's before the sender hears ``250``."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # the library's name
        """The reply to the sender; of several recipients the first who was refused counts for all."""
        return await asyncio.to_thread(self._hand_over, envelope)

    def _hand_over(self, envelope: Any) -> str:
        try:
            for recipient in envelope.rcpt_tos:  # the library reads one reply a mail, where LMTP has one a recipient
                with smtplib.LMTP(self._host, self._port, timeout=_SECONDS) as ingest:
                    ingest.sendmail(envelope.mail_from or "", [recipient], envelope.content)
        except smtplib.SMTPRecipientsRefused as error:
            return _told(*next(iter(error.recipients.values())))
        except smtplib.SMTPResponseException as error:
            return _told(error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            sys.stderr.write(f"not handed over: {type(error).__name__}\n")
            return "451 4.4.1 ingest does not answer, try again"
        return "250 2.0.0 accepted"


def _told(code: int, words: bytes | str) -> str:
    return f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"


def serve(listen: str, ingest: str) -> None:
    """Until SIGTERM."""
    host, _, port = listen.rpartition(":")
    there, _, its_port = ingest.rpartition(":")
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    controller = Controller(
        ToIngest(there, int(its_port)), hostname=host, port=int(port), data_size_limit=_LARGEST, enable_SMTPUTF8=True
    )
    controller.start()
    told.wait()
    controller.stop()


def check(listen: str) -> int:
    """Whether it greets."""
    host, _, port = listen.rpartition(":")
    try:
        with smtplib.SMTP(host, int(port), timeout=3) as server:
            return 0 if server.noop()[0] == 250 else 1
    except (OSError, smtplib.SMTPException) as error:
        sys.stderr.write(f"does not greet: {error}\n")
        return 1


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        sys.exit(check(sys.argv[2]))
    serve(sys.argv[1], sys.argv[2])
