"""Signing in and out in a browser, and whom each page is for."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from bench.load.product import Product
from tests.system.console.visitor import Visitor

pytestmark = pytest.mark.system


async def test_a_wrong_password_is_told_where_it_was_typed(company: Product, browser: Browser) -> None:
    async with Visitor.at(browser, company.run["http"]) as jana:
        await jana.signs_in("jana", "not the password")
        await expect(jana.page.get_by_role("alert").filter(has_text="Name and password do not fit.")).to_be_visible()
        await expect(jana.page.locator("input[name=password]")).to_be_focused()


async def test_an_agent_lands_on_the_desk_and_signs_out_again(company: Product, browser: Browser) -> None:
    async with Visitor.at(browser, company.run["http"]) as jana:
        await jana.signs_in("jana")
        await expect(jana.page).to_have_url(f"{company.run['http']}/console/desk")
        await jana.page.get_by_role("button", name="settings and sign-out").click()
        await jana.page.get_by_role("menuitem", name="Sign out").click()
        await expect(jana.page.get_by_role("heading", name="Sign in")).to_be_visible()
        await jana.page.reload()
        await expect(jana.page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_a_deep_link_survives_signing_in(company: Product, browser: Browser) -> None:
    async with Visitor.at(browser, company.run["http"]) as sara:
        await sara.page.goto(f"{company.run['http']}/console/live?queues=-waiting")
        await sara.signs_in("sara")
        await expect(sara.page).to_have_url(f"{company.run['http']}/console/live?queues=-waiting")
        await expect(sara.page.get_by_role("columnheader", name="Waiting")).to_have_attribute("aria-sort", "descending")


async def test_the_session_is_out_of_reach_of_scripts(company: Product, browser: Browser) -> None:
    async with Visitor.at(browser, company.run["http"]) as jana:
        await jana.signs_in("jana")
        await expect(jana.page).to_have_url(f"{company.run['http']}/console/desk")
        assert await jana.page.evaluate("document.cookie") == ""
        (cookie,) = await jana.page.context.cookies()
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Strict"
        kept = await jana.page.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage))")
        assert set(kept) <= {"console.language", "console.theme", "console.keys"}
