"""The demo's report in a real browser: drawn, readable, usable, and silent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from cohortmart.report.assemble import html
from cohortmart.report.blocks import Choice, Column, Figure, Page, Panel, Section, Table, Text
from cohortmart.report.pages import PAGES
from tests.support.chromium import Opened, opened_report, started_chromium

NAMES = tuple(name for name, _ in PAGES)
WIDE, NARROW = 1280, 390
HOSTILE = "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 1'>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def index(demo_run: Path) -> Path:
    return demo_run / "report" / "index.html"


def sideways(opened: Opened) -> int:
    """Pixels by which the page is wider than the window."""
    return opened.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


def empty_drawings(opened: Opened) -> list[str]:
    """Visible figures without a mark in them, or that failed."""
    return opened.page.evaluate(
        """() => [...document.querySelectorAll('figure')].filter(f => f.offsetParent).filter(f => {
            const place = f.querySelector('.drawing');
            if (place.dataset.drawn !== 'true') return true;
            const canvas = place.querySelector('canvas');
            if (canvas) {
                const d = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                return !d.data.some((v, i) => i % 4 < 3 && v < 200);
            }
            const svg = place.querySelector('svg');
            const box = svg.getBoundingClientRect();
            const marks = svg.querySelectorAll('[class*=mark-] path, [class*=mark-] text');
            return box.width < 60 || box.height < 40 || marks.length < 3;
        }).map(f => f.id)"""
    )


@pytest.mark.parametrize("width", [pytest.param(WIDE, marks=pytest.mark.slow), NARROW])
def test_every_page_is_drawn_and_silent(browser: Browser, index: Path, width: int) -> None:
    with opened_report(browser, index, width) as opened:
        for name in NAMES:
            opened.show(name)
            assert (opened.draw_all() > 0) == (name != "help"), name  # which is words only
            assert empty_drawings(opened) == [], name
            assert opened.page.locator("[aria-label='Vega visualization']").count() == 0, name
            assert sideways(opened) <= 0, name
        assert opened.complaints == []
        assert opened.requests == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_accessible(browser: Browser, index: Path, name: str, width: int) -> None:
    with opened_report(browser, index, width, f"#{name}") as opened:
        opened.draw_all()
        # a drawing has one name, its figure's; what is not shown only takes time
        opened.page.evaluate(
            "for (const e of document.querySelectorAll('[hidden], script, .drawing > *'))"
            " e.remove()"
        )
        found = Axe().run(opened.page, options={"resultTypes": ["violations"]})
        said = [(v["id"], [n["target"] for n in v["nodes"]]) for v in found.response["violations"]]
        assert said == []


@pytest.mark.slow
def test_every_choice_shows_what_it_names(browser: Browser, index: Path) -> None:
    with opened_report(browser, index, WIDE) as opened:
        for name in NAMES:
            opened.show(name)
            for pick in opened.page.locator(".choice select:visible").all():
                labels = pick.locator("option").all_inner_texts()
                assert len(set(labels)) == len(labels) > 1
                pick.select_option(index=len(labels) - 1)
                choice = str(pick.get_attribute("id")).removesuffix("-pick")
                panel = opened.page.locator(f"#{choice} > .panel:visible")
                assert panel.count() == 1
                assert panel.get_attribute("data-index") == str(len(labels) - 1)
            opened.draw_all()
            assert empty_drawings(opened) == [], name
        assert opened.complaints == []


def test_tables_are_sorted_and_searched(browser: Browser, tmp_path: Path) -> None:
    columns = (Column("cells", "Cells"), Column("people", "People", "integer"))
    numbers = [7, 30, 4, 12, 9, 101, 2, 8, 25, 1]
    rows = pa.table({"cells": [f"CD{4 + 4 * (i % 2)}" for i in range(10)], "people": numbers})
    index = tmp_path / "index.html"
    table = Table("t", "T", "c", columns, rows)
    index.write_text(html("s", [Page("p", "P", "l", (Section("S", (table,)),))], "f"))
    with opened_report(browser, index, WIDE) as opened:
        opened.draw_all()
        shown = opened.page.locator("#t")
        column = shown.locator("tbody td:nth-child(2)")
        shown.locator("th:nth-child(2) button").click()
        assert [int(n) for n in column.all_inner_texts()] == sorted(numbers)
        assert shown.locator("th:nth-child(2)").get_attribute("aria-sort") == "ascending"
        shown.locator("th:nth-child(2) button").click()
        assert [int(n) for n in column.all_inner_texts()] == sorted(numbers, reverse=True)
        shown.locator("input").fill("CD8")
        assert [int(n) for n in column.all_inner_texts()] == sorted(numbers[1::2], reverse=True)
        assert shown.locator(".count").inner_text() == "5 of 10 rows"


def test_it_is_one_small_file_that_names_no_other_address(index: Path) -> None:
    text = index.read_text()
    assert len(text) < 8_000_000
    shell = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.findall(r"""(?:src|href)=["'](?!#|data:)""", shell)


def test_numbers_are_written_for_readers(browser: Browser, tmp_path: Path) -> None:
    columns = (
        Column("name", "Name"), Column("p", "P", "p"), Column("change", "Change", "number"),
        Column("genes", "Genes", "number"), Column("reads", "Reads", "integer"),
        Column("share", "Share", "percent"),
    )  # fmt: skip
    rows = pa.table(
        {"name": ["one", "two"], "p": [0.0, 2.34e-5], "change": [5.0, -0.4612],
         "genes": [53.0, 7.0], "reads": [1234567, None], "share": [0.9, 0.0]}
    )  # fmt: skip
    tables = (
        Table("all", "All", "c", columns, rows),
        Table("first", "First", "c", columns, rows.slice(0, 1)),
    )
    index = tmp_path / "index.html"
    index.write_text(html("s", [Page("p", "P", "l", (Section("S", tables),))], "f"))
    with opened_report(browser, index, WIDE) as opened:
        opened.draw_all()
        said = [opened.page.locator(f"#{name} td").all_inner_texts() for name in ("all", "first")]
        assert said[0] == [
            "one", "< 1e-300", "5.00", "53", "1,234,567", "90.0 %",
            "two", "2.3e-5", "-0.461", "7", "", "0 %",
        ]  # fmt: skip
        counts = opened.page.locator(".count").all_inner_texts()
        assert counts == ["2 rows", "1 row"]


def test_hostile_values_stay_text(browser: Browser, tmp_path: Path) -> None:
    spec = {
        "data": {"name": "points"}, "height": 120, "mark": "point",
        "encoding": {"x": {"field": "x", "type": "nominal"},
                     "tooltip": [{"field": "x", "title": HOSTILE}]},
    }  # fmt: skip
    rows = pa.table({"x": [HOSTILE, "b"]})
    figure = Figure("f", HOSTILE, HOSTILE, HOSTILE, spec, {"points": rows})
    table = Table("t", HOSTILE, HOSTILE, (Column("x", HOSTILE),), rows, HOSTILE)
    choice = Choice("c", HOSTILE, (Panel(HOSTILE, (Text(HOSTILE),)), Panel("b", (Text("b"),))))
    page = Page("p", HOSTILE, HOSTILE, (Section(HOSTILE, (Text(HOSTILE), figure, table, choice)),))
    index = tmp_path / "index.html"
    index.write_text(html(HOSTILE, [page], HOSTILE))
    with opened_report(browser, index, WIDE) as opened:
        opened.draw_all()
        mark = opened.page.locator("#f svg [class*=mark-symbol] path").first
        mark.hover()
        opened.page.wait_for_timeout(200)
        assert opened.page.evaluate("window.broken") is None
        assert opened.page.locator("img").count() == 0
        assert opened.page.locator("#t td").first.inner_text() == HOSTILE
        assert opened.complaints == []
