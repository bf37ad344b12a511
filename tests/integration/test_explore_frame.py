"""The frame around the explorer's pages, in a real browser: keys, the way back, notices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.support.chromium import started_chromium
from tests.support.explorer import Running, running_explorer

pytestmark = pytest.mark.slow

WIDE, NARROW = 1280, 390
PAGES = ("", "rebound", "no-such-page")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def running(demo_run: Path) -> Iterator[Running]:
    with running_explorer(demo_run) as running:
        yield running


@pytest.fixture
def page(browser: Browser, running: Running) -> Iterator[Page]:
    yield from opened(browser, running, WIDE)


def opened(browser: Browser, running: Running, width: int) -> Iterator[Page]:
    """A tab at the first page; at the end nothing may have been complained of."""
    tab = browser.new_page(viewport={"width": width, "height": 900})
    complaints: list[str] = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    tab.goto(running.address)
    ready(tab)
    yield tab
    tab.close()
    # the browser itself says so of an answer with 404, or of none
    assert [c for c in complaints if "Failed to load resource" not in c] == []


def ready(page: Page) -> None:
    page.wait_for_function("() => document.documentElement.dataset.ready === 'true'")


def drawn(page: Page) -> None:
    page.wait_for_function(
        "() => [...document.querySelectorAll('figure .drawing')].every(d => d.dataset.drawn)"
    )


def said(page: Page) -> list[tuple[str, list[str]]]:
    page.evaluate("for (const e of document.querySelectorAll('.drawing > *')) e.remove()")
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    return [(v["id"], [n["target"] for n in v["nodes"]]) for v in found.response["violations"]]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_pages_are_accessible_and_fit(browser: Browser, running: Running, width: int) -> None:
    for page in opened(browser, running, width):
        for name in PAGES:
            page.goto(f"{running.address}{name}")
            ready(page)
            drawn(page)
            sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(sideways) <= 0, name
            assert said(page) == [], name


def test_a_name_is_found_by_keys_alone(page: Page) -> None:
    box = page.locator("#search")
    for _ in range(3):  # the skip link, the study, the search
        page.keyboard.press("Tab")
    expect(box).to_be_focused()
    page.keyboard.type("syn1")
    expect(box).to_have_attribute("aria-expanded", "true")
    options = page.locator("#suggestions [role=option]")
    n = options.count()
    assert n > 2

    def chosen() -> int:
        active = box.get_attribute("aria-activedescendant")
        states = [o.get_attribute("aria-selected") for o in options.all()]
        assert states.count("true") == 1
        assert options.nth(states.index("true")).get_attribute("id") == active
        return states.index("true")

    page.keyboard.press("ArrowDown")
    assert chosen() == 0
    page.keyboard.press("ArrowUp")
    assert chosen() == n - 1
    page.keyboard.press("Home")
    assert chosen() == 0
    page.keyboard.press("End")
    assert chosen() == n - 1
    page.keyboard.press("Escape")
    expect(page.locator("#suggestions")).to_be_hidden()
    expect(box).to_have_attribute("aria-expanded", "false")
    assert box.input_value() == "syn1"
    page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    wanted = options.first.get_attribute("data-address")
    page.keyboard.press("Enter")
    page.wait_for_function("w => location.pathname + location.search === w", arg=wanted)


def test_enter_goes_to_what_a_name_means_best(page: Page) -> None:
    page.fill("#search", "SYN470")
    page.keyboard.press("Enter")
    page.wait_for_url("**/gene?name=SYN470")
    page.fill("#search", "nothing is called so <b>")
    page.keyboard.press("Enter")
    expect(page.locator("main .said")).to_contain_text("nothing is called so <b>")
    expect(page.locator("nav")).to_contain_text("Start")


def test_the_way_back_keeps_place_and_controls(page: Page) -> None:
    page.locator("nav a", has_text="Rebound").click()
    expect(page.locator("h1")).to_have_text("Rebound")
    expect(page.locator("h1")).to_be_focused()
    assert page.locator("nav a[aria-current=page]").inner_text() == "Rebound"
    page.locator("#set-not_in").focus()
    page.select_option("#set-not_in", "any")
    page.wait_for_url("**not_in=any*")
    expect(page.locator("#set-not_in")).to_be_focused()
    drawn(page)
    page.locator("#rebound-answer").scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    before = page.evaluate("window.scrollY")
    assert before > 300
    page.locator("#rebound-answer td a").first.click()
    page.wait_for_url("**/gene?name=*")
    page.go_back()
    page.wait_for_url("**not_in=any*")
    expect(page.locator("#set-not_in")).to_have_value("any")
    drawn(page)
    page.wait_for_function("y => Math.abs(window.scrollY - y) < 60", arg=before)
    page.go_forward()
    page.wait_for_url("**/gene?name=*")


def test_a_place_on_the_page_is_no_new_view(page: Page) -> None:
    page.evaluate("document.querySelector('h1').textContent = 'still here'")
    page.locator("a.skip").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**#content")
    page.go_back()
    page.wait_for_timeout(300)
    expect(page.locator("h1")).to_have_text("still here")


def test_what_is_rebuilt_and_what_is_stopped_is_said(browser: Browser, demo_run: Path) -> None:
    with running_explorer(demo_run) as running:
        for page in opened(browser, running, WIDE):
            page.evaluate("document.documentElement.dataset.state = 'of another time'")
            rebuilt = page.locator("#rebuilt")
            expect(rebuilt).to_be_visible(timeout=8000)
            rebuilt.locator("button").click()
            expect(rebuilt).to_be_hidden()
            assert page.evaluate("document.documentElement.dataset.state") != "of another time"
            running.stop()
            page.locator("nav a", has_text="Rebound").click()
            expect(page.locator("#stopped")).to_contain_text("does not answer")
            expect(page.locator("h1")).not_to_have_text("Rebound")
            assert page.locator("main.waiting").count() == 0
