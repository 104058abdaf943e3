"""The mail server to try with promises nothing of its own: what ingest answers is what the sender hears."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP

from bench.broker.ports import free_port
from bench.load.product import Product
from tests.deploy.apart import mail_server

MAIL = b"From: ann@example.org\r\nSubject: x\r\n\r\nHello \xc3\xa4\r\n"


class Ingest:
    """Answers as it is told to, and keeps what it accepts."""

    def __init__(self) -> None:
        self.answer = "250 2.0.0 accepted"
        self.taken: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # the library's name
        if self.answer.startswith("250"):
            self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self.answer


class Lmtp(Controller):
    """A door as ingest has one."""

    def factory(self) -> Any:
        return LMTP(self.handler)


@pytest.fixture
def ingest() -> Iterator[tuple[Ingest, Controller]]:
    door = Ingest()
    controller = Lmtp(door, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield door, controller
    if controller.server is not None:
        controller.stop()


@pytest.fixture
def sender(ingest: tuple[Ingest, Controller], tmp_path: Path) -> Iterator[smtplib.SMTP]:
    _, controller = ingest
    product = Product(tmp_path, run={"lmtp": f"127.0.0.1:{controller.port}"})
    with mail_server(product, tmp_path) as address, smtplib.SMTP(*address, timeout=10) as client:
        yield client


def test_a_mail_is_ingests_before_the_sender_hears_so(ingest: tuple[Ingest, Controller], sender: smtplib.SMTP) -> None:
    sender.sendmail("ann@example.org", ["info@shop.example"], MAIL)
    assert ingest[0].taken == [("ann@example.org", ["info@shop.example"], MAIL)]


def test_every_recipient_of_a_mail_is_handed_over(ingest: tuple[Ingest, Controller], sender: smtplib.SMTP) -> None:
    sender.sendmail("ann@example.org", ["info@shop.example", "billing@shop.example"], MAIL)
    assert [to for _, to, _ in ingest[0].taken] == [["info@shop.example"], ["billing@shop.example"]]


@pytest.mark.parametrize(("answer", "code"), [("451 4.3.0 not accepted, try again", 451), ("552 5.3.4 too large", 552)])
def test_what_ingest_refuses_is_refused(
    ingest: tuple[Ingest, Controller], sender: smtplib.SMTP, answer: str, code: int
) -> None:
    ingest[0].answer = answer
    with pytest.raises(smtplib.SMTPDataError) as refused:
        sender.sendmail("ann@example.org", ["info@shop.example"], MAIL)
    assert refused.value.smtp_code == code
    assert ingest[0].taken == []


def test_without_ingest_the_sender_is_told_to_come_again(
    ingest: tuple[Ingest, Controller], sender: smtplib.SMTP
) -> None:
    ingest[1].stop()
    with pytest.raises(smtplib.SMTPDataError) as refused:
        sender.sendmail("ann@example.org", ["info@shop.example"], MAIL)
    assert refused.value.smtp_code == 451
