"""A real browser for the report: Debian's Chromium, offline, and everything it complains of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

IN_CI = os.environ.get("CI", "").lower() in {"true", "1", "yes"}
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def started_chromium() -> Iterator[Browser]:
    """Start the browser; a test is skipped where there is none, but for CI."""
    path = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if path is None:
        reason = "no Chromium (Debian, Ubuntu: apt install chromium)"
        pytest.fail(reason) if IN_CI else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Opened:
    """A page of the report in the browser, and what went wrong with it.

    Parameters
    ----------
    page : Page
    complaints : list of str
        Errors and warnings of the console, and errors nobody caught.
    requests : list of str
        Addresses outside the file itself that it asked for.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def show(self, name: str) -> None:
        """Go to one of the report's pages as a reader does."""
        self.page.locator(f"nav a[data-page='{name}']").click()
        self.page.wait_for_selector(f"#{name}:not([hidden])")

    def draw_all(self) -> int:
        """Scroll through what is visible until every figure and table is drawn; return how many."""
        blocks = self.page.locator("figure:visible, .table:visible").all()
        for block in blocks:
            block.scroll_into_view_if_needed()
            self.wait_drawn(block)
        return len(blocks)

    def wait_drawn(self, block: Locator) -> None:
        """Wait until a figure or table says how its drawing ended."""
        block.evaluate(
            """block => new Promise((resolve, reject) => {
                const place = block.querySelector('.drawing') || block;
                const began = Date.now();
                const look = () => {
                    if (place.dataset.drawn) resolve(place.dataset.drawn);
                    else if (Date.now() - began > 20000)
                        reject(new Error('not drawn: ' + block.id));
                    else setTimeout(look, 20);
                };
                look();
            })"""
        )


@contextmanager
def opened_report(browser: Browser, index: Path, width: int, page: str = "") -> Iterator[Opened]:
    """Open a report's file in a window of some width, without a network."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.set_offline(True)
    try:
        tab = context.new_page()
        opened = Opened(tab)
        tab.on(
            "console",
            lambda said: (
                opened.complaints.append(f"{said.type}: {said.text}")
                if said.type in ("error", "warning")
                else None
            ),
        )
        tab.on("pageerror", lambda error: opened.complaints.append(str(error)))
        tab.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((index.as_uri(), "data:", "blob:"))
                else opened.requests.append(asked.url)
            ),
        )
        tab.goto(f"{index.as_uri()}{page}")
        tab.wait_for_function("() => document.documentElement.dataset.ready === 'true'")
        yield opened
    finally:
        context.close()
