"""No barrier that axe can find, nothing cut: sign-in, Desk and Live in both themes, at all widths and languages."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import Browser, expect

from bench.load.product import Product
from tests.system.console.visitor import Visitor
from tests.system.person import Person

pytestmark = pytest.mark.system

GERMAN = "Guten Tag, meine Kreditkarte wurde für die Rechnung 4711 zweimal belastet. Bitte um Rückzahlung."


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_screen_is_free_of_barriers(
    company: Product, browser: Browser, customer: httpx.AsyncClient, theme: str
) -> None:
    async with Visitor.at(browser, company.run["http"], theme=theme) as jana:
        await expect(jana.page.get_by_role("heading", name="Sign in")).to_be_visible()
        await looked_at(jana, f"sign-in-default-{theme}-en")
        await jana.signs_in("jana")
        await expect(jana.page.get_by_role("heading", name="You are offline")).to_be_visible()
        await looked_at(jana, f"desk-empty-{theme}-en")
        await jana.button("Become available").click()
        await customer.post("/inquiries", json={"text": GERMAN, "subject": "Doppelt belastet"})
        await expect(jana.button("Accept")).to_be_visible()
        await looked_at(jana, f"desk-offer-{theme}-en")
        await jana.presses("d")
        await jana.page.get_by_role("menu").wait_for()
        await looked_at(jana, f"desk-decline-{theme}-en")
        await jana.presses("4")
        await jana.page.get_by_role("dialog").wait_for()
        await looked_at(jana, f"desk-decline-other-{theme}-en")
        await jana.presses("Escape", "a")
        await expect(jana.page.get_by_role("complementary", name="Why you")).to_contain_text("German")
        await looked_at(jana, f"desk-item-{theme}-en")
        await jana.presses("e")
        await jana.page.get_by_role("dialog").wait_for()
        await looked_at(jana, f"desk-complete-{theme}-en")
        await jana.presses("Enter")
        await expect(jana.page.get_by_role("heading", name="Mine (0)")).to_be_visible()
        await expect(jana.page.get_by_role("dialog")).to_be_hidden()
        await jana.presses("?")
        await jana.page.get_by_role("dialog").wait_for()
        await looked_at(jana, f"help-{theme}-en")
        await jana.presses("Escape")
    async with Person.signed_in(company.run["http"], "jana") as program:
        await program.is_("offline")


async def looked_at(visitor: Visitor, name: str) -> None:
    await visitor.has_no_barrier()
    await visitor.fits()
    await visitor.is_pictured(name)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_live_is_free_of_barriers(company: Product, browser: Browser, theme: str) -> None:
    async with Visitor.at(browser, company.run["http"], theme=theme) as sara:
        await sara.signs_in("sara")
        await expect(sara.page.get_by_role("rowheader", name="Jana")).to_be_visible()
        await looked_at(sara, f"live-default-{theme}-en")


@pytest.mark.parametrize("language", ["en", "de", "sv", "da", "pl", "lv"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_nothing_scrolls_sideways_in_any_language(
    company: Product, browser: Browser, language: str, width: int
) -> None:
    async with Visitor.at(browser, company.run["http"], language=language, width=width) as sara:
        await sara.fits()
        await sara.signs_in("sara")
        await expect(sara.page.locator("html")).to_have_attribute("lang", language)
        await sara.page.locator(".board tbody tr").first.wait_for()
        await sara.fits()
        await sara.is_pictured(f"live-default-{width}-{language}")
