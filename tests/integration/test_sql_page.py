"""SQL page in Chromium: keyboard, values, limits, faults, at both widths."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from cohortmart.explore.answers.explored import Explored
from tests.support.asked_study import asked_study
from tests.support.chromium import started_chromium
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow
LONG = "select count(*) from range(100000000000) as a, range(10000000) as b"
HOSTILE = "</script><img src=x onerror='window.broken = 1'>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study: Explored = asked_study(tmp_path_factory.mktemp("study"))
    study.close()
    return study.home.root


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "cohortmart", "explore", "--out", str(folder), "--port", "0",
               "--no-browser", "--no-token"]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip().rpartition(": ")[2]
        process.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started_chromium() as started:
        yield started


@pytest.fixture(params=[1280, 390])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    complaints: list[str] = []
    opened = browser.new_page(viewport={"width": request.param, "height": 900})
    opened.set_default_timeout(15_000)
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(f"{address}sql", timeout=60_000)  # Vega is made first
    opened.wait_for_selector(".tables summary")
    yield opened
    assert complaints == []
    assert opened.evaluate("window.broken") is None
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not opened.evaluate(wide)
    opened.close()


def run(page: Page, query: str) -> None:
    """Write a query and run it with the keys alone."""
    box = page.get_by_label("Query")
    box.fill(query)
    box.press("Control+Enter")


def test_a_query_is_run_with_the_keyboard_and_its_values_stay_text(page: Page) -> None:
    hostile = "'" + HOSTILE.replace("'", "''") + "'"
    values = "null as n, 1.50::decimal(5,2) as d, [1, 2] as l, false as f, 0.1 + 0.2::double as x"
    run(page, f'select {hostile} as "<b>a</b>", {values}')
    cells = page.locator("#result tbody td")
    expect(cells).to_have_text([HOSTILE, "null", "1.50", "[1, 2]", "false", "0.30000000000000004"])
    expect(page.locator("#result thead th").first).to_have_text("<b>a</b>")
    expect(page.locator("#result .missing")).to_have_count(1)
    expect(page.locator("#result .caption")).to_contain_text("1 row,")
    assert Axe().run(page).response["violations"] == []


def test_the_address_keeps_the_query_and_a_link_to_it_runs_it(page: Page, address: str) -> None:
    run(page, "select count(*) as n from dim_sample")
    expect(page.locator("#result tbody td")).to_have_text(["3"])
    wanted = urlencode({"query": "select count(*) as n from dim_sample"}, safe="*")
    assert page.url == f"{address}sql?{wanted}"
    shared = page.url
    page.goto(f"{address}sql")
    page.goto(shared)
    expect(page.locator("#result tbody td")).to_have_text(["3"])
    run(page, "select 4 as n")
    expect(page.locator("#result tbody td")).to_have_text(["4"])
    page.go_back()
    expect(page.locator("#result tbody td")).to_have_text(["3"])


def test_there_are_more_rows_than_are_shown_and_a_file_has_them(page: Page) -> None:
    run(page, "select a from range(1500) as r(a)")
    expect(page.locator("#result .caption")).to_contain_text("The first 1,000 rows; there are more")
    with page.expect_download() as download:
        page.locator(".downloads a", has_text="CSV").click()
    assert len(Path(download.value.path()).read_text().split()) == 1501


def test_a_running_query_is_stopped(page: Page) -> None:
    end = page.get_by_role("button", name="Stop")
    expect(end).to_be_disabled()
    run(page, LONG)
    expect(end).to_be_enabled()
    end.click()
    expect(page.get_by_role("alert")).to_contain_text("the query was stopped")
    expect(end).to_be_disabled()
    run(page, LONG)
    run(page, "select 7 as n")  # the one before is stopped, and says nothing
    expect(page.locator("#result tbody td")).to_have_text(["7"])


def test_a_fault_stands_under_the_editor(page: Page) -> None:
    run(page, "selec 1")
    expect(page.get_by_role("alert")).to_contain_text("LINE 1: selec 1")
    expect(page.get_by_label("Query")).to_have_attribute("aria-invalid", "true")
    assert Axe().run(page).response["violations"] == []
    run(page, "explain select 1")
    expect(page.locator(".answer pre")).to_contain_text("1")


def test_tables_are_found_and_their_names_are_inserted(page: Page) -> None:
    page.get_by_label("Search tables and columns").fill("two-sided")
    summary = page.locator(".tables summary")
    expect(summary).to_have_text(["fct_contrast_result"])
    page.get_by_label("Query").fill("select ")
    page.get_by_role("button", name="Insert p_value").press("Enter")
    expect(page.get_by_label("Query")).to_have_value("select p_value ")
    expect(page.get_by_label("Query")).to_be_focused()
    page.get_by_label("Query").press("Tab")
    expect(page.get_by_label("Query")).not_to_be_focused()
    assert Axe().run(page).response["violations"] == []


def test_an_example_answers_by_one_click(page: Page) -> None:
    page.get_by_role("link", name="Course of SEPT2").click()
    expect(page.locator("#result tbody tr")).to_have_count(2)
