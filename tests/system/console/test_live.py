"""Live in a browser: what waits, who is there, and that it moves by itself."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import Browser, expect

from bench.load.product import Product
from tests.system.console.visitor import Visitor
from tests.system.person import Person

pytestmark = pytest.mark.system


async def test_a_supervisor_lands_on_live_and_sees_an_inquiry_wait_and_an_agent_come(
    company: Product, browser: Browser, customer: httpx.AsyncClient
) -> None:
    async with Visitor.at(browser, company.run["http"]) as sara, Person.signed_in(company.run["http"], "emma") as emma:
        await sara.signs_in("sara")
        await expect(sara.page).to_have_url(f"{company.run['http']}/console/live")
        waiting = sara.page.locator(".tile").filter(has_text="Waiting").first
        await expect(waiting).to_contain_text("0")
        answer = await customer.post("/inquiries", json={"text": "Hello, how do I change the address of my account?"})
        assert answer.status_code == 202
        await expect(waiting).to_contain_text("1")
        await sara.is_pictured("live-default-light-en")

        row = sara.page.get_by_role("row").filter(has=sara.page.get_by_role("rowheader", name="Emma"))
        await emma.is_("available")
        await expect(row).to_contain_text("Available")
        await emma.works_off(await emma.offer_of(answer.json()["id"], seconds=5))
        await expect(waiting).to_contain_text("0")
        await emma.is_("offline")
        await expect(row).to_contain_text("Offline")


async def test_a_frozen_board_holds_still_and_counts_what_it_holds_back(company: Product, browser: Browser) -> None:
    async with Visitor.at(browser, company.run["http"]) as sara, Person.signed_in(company.run["http"], "jana") as jana:
        await sara.signs_in("sara")
        row = sara.page.get_by_role("row").filter(has=sara.page.get_by_role("rowheader", name="Jana"))
        await expect(row).to_contain_text("Offline")
        await sara.presses("f")
        await jana.is_("away")
        await expect(sara.page.get_by_text("1 change held")).to_be_visible()
        await expect(row).to_contain_text("Offline")
        await sara.presses("f")
        await expect(row).to_contain_text("Away")
        await jana.is_("offline")


async def test_an_agent_is_told_which_right_live_needs(company: Product, browser: Browser) -> None:
    async with Visitor.at(browser, company.run["http"]) as emma:
        await emma.signs_in("emma")
        await expect(emma.page.get_by_role("link", name="Desk", exact=True)).to_be_visible()
        await expect(emma.page.get_by_role("link", name="Live")).to_have_count(0)
        await emma.page.goto(f"{company.run['http']}/console/live")
        await expect(emma.page.get_by_text("You need the right “supervisor”")).to_be_visible()
