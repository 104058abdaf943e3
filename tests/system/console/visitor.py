"""Somebody at the console in a real browser; whatever breaks the console's promises on the way fails the visit.

Watched all the time: violations of the strict header, errors on the browser's console, requests to another host, and
requests that the API document does not know.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Request

from bench.load.product import PASSWORD

ROOT = Path(__file__).parents[3]
CONSOLE = ROOT / "services" / "router" / "console"
SCREENS = ROOT / "build" / "screens"
AXE = CONSOLE / "node_modules" / "axe-core" / "axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`header violated: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});"""


class Visitor:
    """A page of the console and what went wrong on it so far."""

    def __init__(self, page: Page, http: str) -> None:
        self.page = page
        self.http = http
        self.faults: list[str] = []
        self.line_is_cut = False
        self._known = _known_requests()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("request", self._asked)

    @classmethod
    @asynccontextmanager
    async def at(
        cls, browser: Browser, http: str, *, theme: Any = "light", language: str = "en", width: int = 1440
    ) -> AsyncIterator[Self]:
        """Open the console's first page; at the end nothing may have gone wrong."""
        context = await browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, locale=language, reduced_motion="reduce"
        )
        page = await context.new_page()
        await page.add_init_script(TELL_VIOLATIONS)
        await page.add_init_script(f'localStorage.setItem("console.language", {json.dumps(language)});')
        visitor = cls(page, http)
        try:
            await page.goto(f"{http}/")
            yield visitor
            assert visitor.faults == []
        finally:
            await context.close()

    async def signs_in(self, username: str, password: str = PASSWORD) -> None:
        """By keys: the name has the focus from the start."""
        await self.page.locator("input[name=username]:focus").wait_for()
        await self.page.keyboard.type(username)
        await self.page.keyboard.press("Tab")
        await self.page.keyboard.type(password)
        await self.page.keyboard.press("Enter")

    async def presses(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def said(self, words: str, manner: str = "assertive") -> None:
        """Wait until screen readers are told ``words``."""
        await self.page.locator(f"#say-{manner}").filter(has_text=re.compile(words)).wait_for(state="attached")

    async def has_no_barrier(self) -> None:
        """No violation of WCAG 2.2 AA that axe can find."""
        await self.page.evaluate(AXE.read_text())
        found = await self.page.evaluate(
            "async (levels) => (await axe.run(document, { runOnly: levels })).violations"
            ".map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.target.join(' ')).join(', ')}`)",
            LEVELS,
        )
        assert found == []

    async def fits(self) -> None:
        """Nothing scrolls sideways but what says so."""
        assert await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    async def is_pictured(self, name: str) -> None:
        """Keep a picture for people to look at."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=str(SCREENS / f"{name}.png"))

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    def _heard(self, message: ConsoleMessage) -> None:
        # Signed out is no fault: the browser writes down each 401, and the console asks who is there.
        expected = "401" in message.text or (self.line_is_cut and "net::" in message.text)
        if message.type == "error" and not expected:
            self.faults.append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(self.http):
            self.faults.append(f"asked another host: {request.url}")
        path = urlsplit(request.url).path
        if path.startswith("/api/") and not any(
            request.method == method and pattern.fullmatch(path) for method, pattern in self._known
        ):
            self.faults.append(f"not in the API document: {request.method} {path}")


def _known_requests() -> list[tuple[str, re.Pattern[str]]]:
    paths = json.loads((CONSOLE / "openapi.json").read_text())["paths"]
    return [
        (method.upper(), re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)))
        for path, methods in paths.items()
        for method in methods
    ]
