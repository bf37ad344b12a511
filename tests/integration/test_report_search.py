"""Tables of the report in a real browser: every feature is found, and what matches is saved."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from playwright.sync_api import Browser, Locator

from cohortmart.report.assemble import html
from cohortmart.report.blocks import Column, Page, Section, Table
from cohortmart.report.pages.contrasts import contrasts_page
from cohortmart.report.source import Detail
from tests.support import report_contrasts_rows as made
from tests.support.chromium import Opened, opened_report, started_chromium

WIDE, NARROW = 1280, 390


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def given() -> dict[str, Any]:
    return made.tables()


def _written(folder: Path, page: Page) -> Path:
    index = folder / "index.html"
    index.write_text(html("s", [page], "f"), encoding="utf-8")
    return index


def _searched(table: Locator, text: str) -> list[list[str]]:
    """Type into the search of a table; return the cells of the rows that are left."""
    table.locator("input[type=search]").fill(text)
    return [row.split("\t") for row in table.locator("tbody tr").all_inner_texts()]


def _saved(opened: Opened, table: Locator) -> list[dict[str, str]]:
    """Press csv as a keyboard does; return what was saved."""
    with opened.page.expect_download() as waiting:
        table.locator("button.csv").focus()
        opened.page.keyboard.press("Enter")
    path = waiting.value.path()
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_feature_is_found_by_name_and_by_id(
    browser: Browser, given: dict[str, Any], tmp_path: Path, width: int
) -> None:
    index = _written(tmp_path, contrasts_page(made.source(given, detail=Detail(top_features=7))))
    results = {r["feature_id"]: r for r in given["fct_contrast_result"]
               if (r["analysis"], r["contrast"]) == ("rna", "x")}  # fmt: skip
    with opened_report(browser, index, width) as opened:
        opened.draw_all()
        table = opened.page.locator("#contrasts-top-rna-1")
        assert table.locator("tbody tr").count() == 7
        assert table.locator(".count").inner_text() == "400 rows, the first 7 shown"
        weakest = max(results.values(), key=lambda r: r["p_value"])
        for wanted in (weakest["feature_id"], weakest["feature_id"].upper()):
            rows = _searched(table, wanted)
            assert weakest["feature_id"] in rows[0]
        assert _searched(table, "gene44")[0][:2] == ["g44", "GENE44"]
        assert f"{results['g44']['log_fc']:.2g}"[:4] in " ".join(_searched(table, "g44")[0])
        assert _searched(table, "IL7R") == []
        lost = table.locator(".lost").inner_text()
        assert "all 400 were searched" in lost
        assert "contains(lower(gene_name), 'il7r')" in lost
        table.locator("input[type=search]").fill("")
        table.locator("button.more").click()
        assert table.locator("tbody tr").count() == 207
        assert opened.complaints == []
        assert opened.requests == []


def test_the_dots_of_the_page_are_the_features(
    browser: Browser, given: dict[str, Any], tmp_path: Path
) -> None:
    index = _written(tmp_path, contrasts_page(made.source(given)))
    with opened_report(browser, index, WIDE) as opened:
        opened.draw_all()
        marks = opened.page.locator("#contrasts-volcano-rna-1 svg g.mark-symbol path")
        assert marks.count() == 400
        found = next(r["n_found"] for r in given["contrast_summary"]
                     if (r["analysis"], r["contrast"]) == ("rna", "x"))  # fmt: skip
        coloured = opened.page.locator(
            "#contrasts-volcano-rna-1 svg g.mark-symbol path:is([fill='#7B3294'], [fill='#00713A'])"
        )
        assert coloured.count() == found


def test_what_matches_is_saved_with_its_numbers(
    browser: Browser, given: dict[str, Any], tmp_path: Path
) -> None:
    index = _written(tmp_path, contrasts_page(made.source(given)))
    with opened_report(browser, index, WIDE) as opened:
        opened.draw_all()
        table = opened.page.locator("#contrasts-top-rna-1")
        everything = _saved(opened, table)
        results = {r["feature_id"]: r for r in given["fct_contrast_result"]
                   if (r["analysis"], r["contrast"]) == ("rna", "x")}  # fmt: skip
        assert {r["Gene id"] for r in everything} == set(results)
        for r in everything:
            expected = results[r["Gene id"]]
            assert float(r["Change (log2 CPM)"]) == float(f"{expected['log_fc']:.2e}")
            assert float(r["P"]) == float(f"{expected['p_value']:.2e}")
        _searched(table, "gene44")
        assert [r["Gene"] for r in _saved(opened, table)] == ["GENE44"]
        assert opened.complaints == []


def test_a_saved_table_is_quoted_and_no_formula(browser: Browser, tmp_path: Path) -> None:
    names = ["=1+1", "+cmd", "-5", "-x", "@a", 'say "hi", you', "two\nlines", "", " edge", "\tt"]
    rows = pa.table({"name": names, "n": list(range(len(names))), "x": [-1.5] * len(names)})
    columns = (Column("name", "=Name"), Column("n", "N", "integer"), Column("x", "X", "number"))
    page = Page("p", "P", "l", (Section("S", (Table("t", "T", "c", columns, rows),)),))
    with opened_report(browser, _written(tmp_path, page), WIDE) as opened:
        opened.draw_all()
        saved = _saved(opened, opened.page.locator("#t"))
    assert [r["'=Name"] for r in saved] == [
        "'=1+1", "'+cmd", "-5", "'-x", "'@a", 'say "hi", you', "two\nlines", "", " edge", "'\tt",
    ]  # fmt: skip
    assert [r["N"] for r in saved] == [str(i) for i in range(len(names))]
    assert {r["X"] for r in saved} == {"-1.5"}
