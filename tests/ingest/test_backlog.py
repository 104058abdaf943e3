"""What is accepted while the log is away is bounded, and every door says so in its own words."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from services.ingest.world import DoorSettings
from shared.events import RECEIVED
from tests.ingest.conftest import eventually, running

MOST = 5


async def _post(client: Any, number: int) -> Any:
    return await client.post("/api/v1/inquiries", json={"text": f"text {number}"})


async def _mail(address: str) -> str:
    """What LMTP answers to one mail."""
    host, port = address.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = ["LHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<info@shop.example>", "DATA"]
    await reader.readline()
    for line in lines:
        writer.write(f"{line}\r\n".encode())
        while (await reader.readline())[3:4] == b"-":
            pass
    writer.write(b"Subject: x\r\n\r\ntext\r\n.\r\n")
    answer = (await reader.readline()).decode()
    writer.close()
    return answer


@pytest.fixture
def doors(tmp_path: Path) -> DoorSettings:
    return DoorSettings(lmtp_port=0, mail_folder=tmp_path / "mail", most_unpublished=MOST)


async def test_doors_refuse_beyond_the_limit_and_open_again_when_the_log_is_back(
    database_url: str, pool: Any, doors: DoorSettings
) -> None:
    async with running(database_url, pool, doors) as house, house.client() as client:
        house.broker.available = False
        accepted = [await _post(client, number) for number in range(MOST)]
        assert [answer.status_code for answer in accepted] == [202] * MOST
        refused = await eventually(lambda: _refused(client), what="a refusal")
        assert refused.json()["code"] == "unavailable"
        assert int(refused.headers["retry-after"]) >= 1
        assert (await _mail(house.addresses["lmtp"])).startswith("451 ")
        house.broker.available = True
        await eventually(lambda: _taken(client), what="room")
        assert (await _mail(house.addresses["lmtp"])).startswith("250 ")
        texts = [inquiry["text"] for inquiry in house.received()]
        assert set(texts) >= {f"text {number}" for number in range(MOST)}


async def test_what_is_on_the_log_counts_no_more(database_url: str, pool: Any, doors: DoorSettings) -> None:
    async with running(database_url, pool, doors) as house, house.client() as client:
        for number in range(3 * MOST):
            assert (await _post(client, number)).status_code == 202
            await eventually(lambda number=number: sum(len(house.broker.part(RECEIVED, p)) for p in range(8)) > number)


async def _refused(client: Any) -> Any:
    answer = await _post(client, 100)
    return answer if answer.status_code == 503 else None


async def _taken(client: Any) -> bool:
    return (await _post(client, 200)).status_code == 202
