"""The widget in a real browser: typed, sent by Enter, answered, and kept over a reload; nothing breaks its rules."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.ingest.conftest import House, eventually
from tests.ingest.test_chat import reply, url

__all__ = ["url"]
pytestmark = pytest.mark.system


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page whose errors fail the test."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = await browser.new_page(locale="sv-SE")
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        yield page
        await browser.close()
        assert [line for line in wrong if "favicon" not in line] == []


async def test_a_customer_types_and_reads_the_answer_and_comes_back(
    house: House, url: str, page: Page
) -> None:  # the fixture
    await page.goto(url.replace("ws://", "http://").replace("/api/v1/chat", "/chat-demo"))
    box = page.get_by_role("textbox")
    await box.fill("Var är mitt paket?")
    await box.press("Enter")
    inquiry = await eventually(lambda: next(iter(house.received()), None))
    assert (inquiry["text"], inquiry["language_hint"]) == ("Var är mitt paket?", None)
    await reply(house, inquiry["id"], "Det kommer i morgon. <b>Astrid</b>")
    log = page.get_by_role("log")
    await expect(log).to_contain_text("Det kommer i morgon. <b>Astrid</b>")
    await expect(log.locator(".unsent")).to_have_count(0)
    await page.reload()
    await page.get_by_role("textbox").fill("Tack!")
    await page.get_by_role("textbox").press("Enter")
    second = await eventually(lambda: next((each for each in house.received() if each["text"] == "Tack!"), None))
    assert second["key"] == inquiry["key"]


async def test_what_is_sent_while_the_line_is_down_arrives_later_and_once(
    house: House, url: str, page: Page
) -> None:  # the fixture
    await page.goto(url.replace("ws://", "http://").replace("/api/v1/chat", "/chat-demo"))
    box = page.get_by_role("textbox")
    await box.fill("one")
    await box.press("Enter")
    await eventually(lambda: len(house.received()) == 1)
    chat = next(loop for loop in house.ingest.loops if loop.name == "ingest.chat")
    ending = asyncio.create_task(chat.run())
    await asyncio.sleep(0)
    ending.cancel()  # says goodbye to every client
    await box.fill("two")
    await box.press("Enter")
    await eventually(lambda: len(house.received()) == 2, within=10)
    assert sorted(each["text"] for each in house.received()) == ["one", "two"]
    assert json.dumps(house.received()).count('"two"') == 1
