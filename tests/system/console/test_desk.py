"""The Desk in a browser: an item from arrival to completion by keys alone, and everything an offer can come to."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect
from websockets.asyncio.client import connect

from bench.load.product import Product
from tests.system.console.line import Line
from tests.system.console.visitor import Visitor
from tests.system.person import Person

pytestmark = pytest.mark.system

LATVIAN = "Labdien! Rēķinā Nr. 4711 summa ir ieturēta divas reizes no manas kartes. Lūdzu, atmaksājiet naudu."
SWEDISH = "Hej! Jag har inte fått mitt paket än, det skulle ha kommit i fredags. Kan ni se var det är?"


async def posted(customer: httpx.AsyncClient, text: str, **more: Any) -> str:
    answer = await customer.post("/inquiries", json={"text": text, **more})
    assert answer.status_code == 202, answer.text
    inquiry_id: str = answer.json()["id"]
    return inquiry_id


async def becomes(agent: Visitor, state: str) -> None:
    """Choose a presence by keys: S opens the list, its first letters find the state."""
    await expect(agent.page.get_by_role("button", name="Presence")).to_be_visible()
    await agent.presses("s")
    await agent.page.get_by_role("listbox").wait_for()
    await agent.page.keyboard.type(state[:3])
    await agent.presses("Enter")
    if state == "Available":
        await expect(agent.page.get_by_role("heading", name="Nothing waits for your skills")).to_be_visible()


async def completes(agent: Visitor) -> None:
    """Complete the one item in hand, by keys."""
    await expect(agent.button("Complete")).to_be_visible()
    await agent.presses("e")
    await agent.page.get_by_role("dialog").wait_for()
    await agent.presses("Enter")
    await expect(agent.page.get_by_role("heading", name="Mine (0)")).to_be_visible()


async def test_an_item_is_worked_from_arrival_to_completion_by_keys_alone(
    company: Product, browser: Browser, customer: httpx.AsyncClient
) -> None:
    async with Visitor.at(browser, company.run["http"]) as ilze:
        await ilze.signs_in("ilze")
        await becomes(ilze, "Available")
        inquiry_id = await posted(customer, LATVIAN, subject="Rēķins 4711", sender={"name": "Anna Kalniņa"})
        await ilze.said(r"Offer: API, Latvian, \w+, \d+ seconds")
        await expect(ilze.page).to_have_title("(1) Desk")
        await ilze.is_pictured("desk-offer-light-en")

        await ilze.presses("j")
        await expect(ilze.page.get_by_text("you may read before you accept")).to_be_visible()
        await ilze.presses("a")
        await ilze.said("Accepted", "polite")
        heading = ilze.page.get_by_role("heading", level=1, name="Rēķins 4711")
        await expect(heading).to_be_focused()
        await expect(ilze.page.get_by_role("heading", name="Mine (1)")).to_be_visible()
        await expect(ilze.page.locator(".message-text")).to_have_attribute("lang", "lv")

        why = ilze.page.get_by_role("complementary", name="Why you")
        await expect(why.get_by_role("row", name=re.compile("Latvian"))).to_be_visible()
        await expect(why.get_by_text(re.compile("matched, rule set"))).to_be_visible()
        await ilze.is_pictured("desk-item-light-en")
        await ilze.presses("y")
        await expect(why).to_be_hidden()

        await ilze.presses("e")
        dialog = ilze.page.get_by_role("dialog", name="Complete this item")
        await expect(dialog.get_by_role("radio", name="Resolved")).to_be_focused()
        await ilze.presses("ArrowDown", "Enter")
        await ilze.said("Completed", "polite")
        await expect(ilze.page.get_by_role("heading", name="Mine (0)")).to_be_visible()
        shown = (await customer.get(f"/inquiries/{inquiry_id}")).json()
        assert (shown["state"], shown["outcome"]) == ("completed", "no_reply_needed")
        await becomes(ilze, "Offline")


async def test_declining_takes_one_key_for_the_reasons_and_one_more_to_send(
    company: Product, browser: Browser, customer: httpx.AsyncClient
) -> None:
    async with Visitor.at(browser, company.run["http"]) as mads:
        await mads.signs_in("mads")
        await becomes(mads, "Available")
        await posted(customer, "Hej, min pakke er ikke kommet frem endnu. Kan I se, hvor den er henne?")
        await expect(mads.button("Accept")).to_be_visible()
        await mads.presses("d")
        await expect(mads.page.get_by_role("menuitem", name="Wrong topic")).to_be_focused()
        async with mads.page.expect_response(re.compile("/decline$")) as sent:
            await mads.presses("3")
        answer = await (await sent.value).json()
        assert (await sent.value).status == 200
        assert answer is not None
        await expect(mads.button("Accept")).to_be_hidden()
        await becomes(mads, "Offline")


async def test_another_reason_is_told_in_words_by_keys_alone(
    company: Product, browser: Browser, customer: httpx.AsyncClient
) -> None:
    async with Visitor.at(browser, company.run["http"]) as mads:
        await mads.signs_in("mads")
        await becomes(mads, "Available")
        await posted(customer, "Hej, hvornår kommer min pakke? Jeg har ventet i to uger nu.")
        await expect(mads.button("Accept")).to_be_visible()
        await mads.presses("d", "4")
        dialog = mads.page.get_by_role("dialog", name="Why do you decline?")
        field = dialog.get_by_role("textbox", name="Your reason, in your own words")
        await expect(field).to_be_focused()
        await mads.presses("Space", "Enter")
        await expect(dialog).to_be_visible()
        await mads.presses("Escape")
        await expect(dialog).to_be_hidden()
        await expect(mads.button("Accept")).to_be_visible()
        await mads.presses("d", "4")
        await expect(field).to_be_focused()
        await mads.page.keyboard.type("  She is my sister ")
        async with mads.page.expect_request(re.compile("/decline$")) as sent:
            await mads.presses("Enter")
        assert (await sent.value).post_data_json == {"reason": "other", "note": "She is my sister"}
        await expect(mads.button("Accept")).to_be_hidden()
        await becomes(mads, "Offline")


async def test_what_another_place_took_meanwhile_is_told(
    company: Product, browser: Browser, customer: httpx.AsyncClient
) -> None:
    async with (
        Visitor.at(browser, company.run["http"]) as piotr,
        Person.signed_in(company.run["http"], "piotr") as program,
    ):
        await piotr.signs_in("piotr")
        await becomes(piotr, "Available")
        inquiry_id = await posted(customer, "Dzień dobry, proszę o zwrot pieniędzy za zamówienie 5512.")
        await expect(piotr.button("Accept")).to_be_visible()
        offer = await program.offer_of(inquiry_id)
        await program.works_off(offer)
        await expect(piotr.button("Accept")).to_be_hidden()
        await expect(piotr.page.get_by_role("heading", name="Mine (0)")).to_be_visible()
        await becomes(piotr, "Offline")


async def test_a_chat_is_answered_by_keys_and_the_answer_reaches_the_customer(
    company: Product, browser: Browser
) -> None:
    socket_url = company.run["http"].replace("http", "ws", 1) + "/api/v1/chat?site=demo"
    async with Visitor.at(browser, company.run["http"]) as astrid, connect(socket_url) as socket:
        await astrid.signs_in("astrid")
        await becomes(astrid, "Available")
        await socket.send(json.dumps({"type": "start", "name": "Karin Ek", "language": None}))
        await socket.send(json.dumps({"type": "send", "client_id": "c1", "text": SWEDISH}))
        await expect(astrid.button("Accept")).to_be_visible()
        await astrid.presses("a")
        await expect(astrid.page.get_by_role("log", name="Messages")).to_contain_text("paket")
        reply = astrid.page.get_by_role("textbox", name="Reply to Karin Ek")
        await expect(reply).to_be_visible()
        await astrid.presses("r")
        await expect(reply).to_be_focused()
        await astrid.page.keyboard.type("Hej Karin, det kommer i morgon.")
        await astrid.presses("Control+Enter")
        async for frame in socket:
            heard = json.loads(frame)
            if heard["type"] == "message":
                break
        assert heard["text"] == "Hej Karin, det kommer i morgon."
        await expect(astrid.page.get_by_role("log")).to_contain_text("det kommer i morgon")
        await expect(reply).to_have_value("")

        await socket.send(json.dumps({"type": "send", "client_id": "c2", "text": "Tack så mycket!"}))
        await expect(astrid.page.get_by_role("log")).to_contain_text("Tack så mycket!")
        left = astrid.page.get_by_text("The customer has left the chat.")
        await expect(left).to_be_hidden()
        await socket.send(json.dumps({"type": "end"}))
        await expect(left).to_be_visible()
        await astrid.presses("Escape")
        await completes(astrid)
        await becomes(astrid, "Offline")


async def test_the_help_lists_every_key_and_letters_typed_there_do_nothing(company: Product, browser: Browser) -> None:
    async with Visitor.at(browser, company.run["http"]) as emma:
        await emma.signs_in("emma")
        await expect(emma.page.get_by_role("heading", name="You are offline")).to_be_visible()
        await emma.presses("?")
        help_ = emma.page.get_by_role("dialog", name="Keyboard")
        await expect(help_).to_contain_text("Accept the offer")
        await emma.presses("s")
        await expect(emma.page.get_by_role("listbox")).to_have_count(0)
        await emma.presses("Escape")
        await expect(help_).to_be_hidden()


async def test_single_letters_can_be_switched_off(company: Product, browser: Browser) -> None:
    async with Visitor.at(browser, company.run["http"]) as emma:
        await emma.signs_in("emma")
        await emma.page.get_by_role("button", name=re.compile("settings and sign-out")).click()
        await emma.page.get_by_role("menuitemcheckbox", name="Single letters as shortcuts").click()
        await emma.presses("Escape", "?")
        await expect(emma.page.get_by_role("dialog")).to_have_count(0)


async def test_a_cut_line_is_told_and_what_was_missed_comes_back(
    company: Product, browser: Browser, customer: httpx.AsyncClient
) -> None:
    async with Line.to(company.run["http"]) as line, Visitor.at(browser, line.http) as emma:
        await emma.signs_in("emma")
        await becomes(emma, "Available")
        emma.line_is_cut = True
        await line.cut()
        await expect(emma.page.get_by_text(re.compile("No connection. Shown as of"))).to_be_visible()
        await posted(customer, "Hello, where do I find the invoice for my last order?")
        await line.mend()
        await emma.button("Try now").click()
        await expect(emma.page.get_by_text("Connected")).to_be_visible()
        emma.line_is_cut = False
        await expect(emma.button("Accept")).to_be_visible()
        await emma.presses("a")
        await expect(emma.page.get_by_role("heading", name="Mine (1)")).to_be_visible()
        await completes(emma)
        await becomes(emma, "Offline")
