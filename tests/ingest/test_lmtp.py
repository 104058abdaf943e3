"""The LMTP door: one reply a recipient, after the commit, and nothing that smuggles, stalls or is lost."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import asyncpg
import pytest

from services.ingest.mail.limits import LARGEST_MAIL
from services.ingest.world import DoorSettings
from tests.ingest.conftest import House, running
from tests.ingest.wire import Wire

MAIL = b"From: a@kunde.example\r\nSubject: Karte\r\nMessage-ID: <m1@kunde.example>\r\n\r\nZweimal belastet.\r\n"


class Peer:
    """A line-by-line client, to see every reply."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def reply(self) -> str:
        """One reply; of several lines the last."""
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 10)).decode().rstrip()
            if line[3:4] != "-":
                return line

    async def say(self, words: str) -> str:
        self.writer.write(words.encode() + b"\r\n")
        return await self.reply()

    async def envelope(self, *recipients: str, sender: str = "<a@kunde.example>") -> list[str]:
        await self.say(f"MAIL FROM:{sender}")
        replies = [await self.say(f"RCPT TO:<{to}>") for to in recipients]
        assert (await self.say("DATA")).startswith("354")
        return replies


@pytest.fixture
async def peer(house: House) -> AsyncIterator[Peer]:
    host, _, port = house.addresses["lmtp"].rpartition(":")
    peer = Peer(*await asyncio.open_connection(host, int(port)))
    assert (await peer.reply()).startswith("220")
    await peer.say("LHLO test")
    yield peer
    peer.writer.close()
    await peer.writer.wait_closed()


def hand_over(address: str, recipients: Sequence[str], mail: bytes = MAIL) -> dict[str, tuple[int, bytes]]:
    """What the standard client makes of it: the recipients refused."""
    host, _, port = address.rpartition(":")
    with smtplib.LMTP(host, int(port), timeout=10) as client:
        return client.sendmail("a@kunde.example", recipients, mail)


async def test_the_standard_client_delivers_and_is_told_who_was_refused(house: House) -> None:
    # One only of them may be accepted: smtplib reads a single reply after the end of data.
    to = ["info@shop.example", "nobody@shop.example"]
    refused = await asyncio.to_thread(hand_over, house.addresses["lmtp"], to)
    assert {name: code for name, (code, _) in refused.items()} == {"nobody@shop.example": 550}
    assert await house.pool.fetchval("SELECT count(*) FROM ingest.receipt") == 1


async def test_each_accepted_recipient_gets_its_own_reply_with_its_own_id(house: House, peer: Peer) -> None:
    replies = await peer.envelope("info@shop.example", "nobody@shop.example", "BILLING@shop.example")
    assert [reply[:3] for reply in replies] == ["250", "550", "250"]
    peer.writer.write(MAIL + b".\r\n")
    said = [await peer.reply(), await peer.reply()]
    ids = [UUID(reply.split()[2]) for reply in said]
    assert [reply.split()[0:2] + reply.split()[3:] for reply in said] == [["250", "2.0.0", "accepted"]] * 2
    assert len(set(ids)) == 2
    assert await house.pool.fetchval("SELECT count(*) FROM ingest.raw") == 1
    inquiry = await house.inquiry(str(ids[0]))
    assert (inquiry["recipient"], inquiry["channel"], inquiry["text"]) == (
        "info@shop.example",
        "email",
        "Zweimal belastet.",
    )
    assert (inquiry["key"], inquiry["own_reference"]) == ("mail:m1@kunde.example", "mail:m1@kunde.example")
    assert (await peer.say("NOOP")).startswith("250")


async def test_a_repeat_after_a_lost_250_is_the_same_inquiry(house: House, peer: Peer) -> None:
    said = []
    for _ in range(2):
        await peer.envelope("info@shop.example")
        peer.writer.write(MAIL + b".\r\n")
        said.append(await peer.reply())
    assert said[0] == said[1]
    assert await house.pool.fetchval("SELECT count(*) FROM ingest.receipt") == 1


async def test_a_mail_is_found_by_its_message_id(house: House, peer: Peer) -> None:
    await peer.envelope("info@shop.example")
    peer.writer.write(MAIL + b".\r\n")
    inquiry_id = (await peer.reply()).split()[2]
    await house.inquiry(inquiry_id)
    async with house.client("otto") as otto:
        found = await otto.get("/api/v1/inquiries", params={"message_id": "<m1@kunde.example>"})
    assert [item["id"] for item in found.json()["items"]] == [inquiry_id]
    assert found.json()["items"][0]["sender"]["email"] == "a@kunde.example"


async def test_what_is_too_large_is_552_for_each_recipient_and_by_its_announced_size(house: House, peer: Peer) -> None:
    assert (await peer.say(f"MAIL FROM:<a@b.example> SIZE={LARGEST_MAIL + 1}")).startswith("552")
    await peer.envelope("info@shop.example", "billing@shop.example")
    for _ in range(27):
        peer.writer.write(b"x" * 1_000_000)
        await peer.writer.drain()
    peer.writer.write(b"\r\n.\r\n")
    assert [(await peer.reply())[:3] for _ in range(2)] == ["552", "552"]
    assert (await peer.say("NOOP")).startswith("250")
    assert await house.pool.fetchval("SELECT count(*) FROM ingest.receipt") == 0


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r\n\0.\r\n", b"\n.\r"])
async def test_no_false_end_of_data_makes_two_mails_of_one(house: House, peer: Peer, end: bytes) -> None:
    await peer.envelope("info@shop.example")
    smuggled = b"MAIL FROM:<x@x.example>\r\nRCPT TO:<billing@shop.example>\r\nDATA\r\nFrom: x\r\n\r\nsmuggled\r\n"
    peer.writer.write(MAIL + end + smuggled + b"\r\n.\r\n")
    assert (await peer.reply()).startswith("250 2.0.0")
    assert (await peer.say("NOOP")).startswith("250")
    assert await house.pool.fetchval("SELECT count(*) FROM ingest.receipt") == 1
    raw = await house.pool.fetchval("SELECT bytes FROM ingest.raw")
    assert b"smuggled" in raw


async def test_dots_long_lines_nul_and_eight_bits_come_through_unchanged(house: House, peer: Peer) -> None:
    body = (
        b"From: a@b.example\r\n\r\n.one\r\n..two\r\n"
        + b"y" * 200_000
        + b"\r\n\x00\xff\xfe\r\n"
        + "žø".encode()
        + b"\r\n"
    )
    await peer.envelope("info@shop.example")
    peer.writer.write(body.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    assert (await peer.reply()).startswith("250 2.0.0")
    assert await house.pool.fetchval("SELECT bytes FROM ingest.raw") == body


async def test_the_door_says_what_it_can(peer: Peer) -> None:
    peer.writer.write(b"LHLO again\r\n")
    said = []
    while not said or said[-1][3:4] == "-":
        said.append((await peer.reader.readline()).decode().rstrip())
    assert {"8BITMIME", "SMTPUTF8", f"SIZE {LARGEST_MAIL}"} <= {line[4:] for line in said}


async def test_a_bounce_has_no_sender_and_is_taken(house: House, peer: Peer) -> None:
    await peer.envelope("info@shop.example", sender="<>")
    peer.writer.write(MAIL + b".\r\n")
    inquiry = await house.inquiry((await peer.reply()).split()[2])
    assert inquiry["automatic"] == "machine_made"


async def test_an_address_in_utf_8_is_an_address_like_others(peer: Peer) -> None:
    assert (await peer.say("MAIL FROM:<jörg@kunde.example> SMTPUTF8 BODY=8BITMIME")).startswith("250")
    assert (await peer.say("RCPT TO:<büro@shop.example>")).startswith("550")


async def test_while_the_database_is_away_it_is_451_and_recovers_by_itself(
    house: House, peer: Peer, wire: Wire
) -> None:
    await wire.cut()
    await peer.envelope("info@shop.example", "billing@shop.example")
    peer.writer.write(MAIL + b".\r\n")
    assert [(await peer.reply())[:3] for _ in range(2)] == ["451", "451"]
    await wire.mend()
    await peer.envelope("info@shop.example")
    peer.writer.write(MAIL + b".\r\n")
    assert (await peer.reply()).startswith("250 2.0.0")


async def test_without_a_recipient_there_is_no_data(peer: Peer) -> None:
    assert (await peer.say("DATA")).startswith("503")
    await peer.say("MAIL FROM:<a@b.example>")
    await peer.say("RCPT TO:<nobody@shop.example>")
    assert (await peer.say("DATA")).startswith("503")


async def test_where_it_listens_may_be_everywhere_and_is_told_as_here(
    database_url: str, pool: asyncpg.Pool[asyncpg.Record]
) -> None:
    async with running(database_url, pool, DoorSettings(lmtp_host="0.0.0.0", lmtp_port=0)) as house:
        host, _, port = house.addresses["lmtp"].partition(":")
        assert host == "127.0.0.1"
        _, writer = await asyncio.open_connection("127.0.0.2", int(port))
        writer.close()
        await writer.wait_closed()
