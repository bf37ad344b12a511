"""The page of returns against numbers counted by hand from its rows."""

from __future__ import annotations

from typing import Any

import pytest
import vl_convert

from cohortmart.report.blocks import Figure, Page, Table, Text, all_blocks
from cohortmart.report.figure_files import standalone
from cohortmart.report.pages.returns import returns_page
from tests.support.report_returns_rows import SAMPLES, study
from tests.support.report_source import small_source


def _page(**changed: Any) -> Page:
    tables = {name: rows for name, rows in {**study(), **changed}.items() if rows is not None}
    return returns_page(small_source(tables, SAMPLES, analyses=("other", "rna")))


def _named(page: Page, name: str) -> Any:
    return next(b for b in all_blocks(page) if getattr(b, "name", "") == name)


@pytest.fixture(scope="module")
def page() -> Page:
    return _page()


def test_sentences_say_the_numbers_beside_chance(page: Page) -> None:
    (section,) = page.sections
    assert section.title == "Returns: rna"
    said = [b.words for b in section.blocks if isinstance(b, Text)]
    assert said == [
        "MS.1st to HP, at MS.3rd: of 4 genes with a difference, 2 return (1 back). 75 % of the "
        "estimates move towards HP; 62 % would if nothing changed. Difference and change "
        "correlate at -0.50; without any change at -0.25 (-0.38 to -0.12; P < 0.001).",
        "MS.1st to HP, at MS.PP: of 1 gene with a difference, 0 return. 100 % of the estimates "
        "move towards HP; 50 % would if nothing changed. Difference and change correlate at "
        "-0.50.",
        "MS.1st to HP, at MS.late: no gene differs at MS.1st.",
    ]
    assert isinstance(section.blocks[3], Figure)
    assert [b.name for b in section.blocks[4:] if isinstance(b, Table)] == [
        "returns-summary-rna", "returns-features-rna",
    ]  # fmt: skip


def test_points_are_the_differences_that_are_tested(page: Page) -> None:
    figure = _named(page, "returns-differences-rna")
    rows = figure.data["changes"].to_pylist()
    points = [
        (r["contrast_order"], r["feature"], r["total"], r["remaining"], r["reading"])
        for r in rows if r["part"] == "point"
    ]  # fmt: skip
    assert points == [
        (1, "<b>TNF</b>, g1", 2.0, 0.1, "back"), (1, "IL2, g2", -1.0, -0.5, "towards"),
        (1, "g3", 1.0, 3.0, "away"), (1, "g4", 0.8, 0.7, "unclear"),
        (2, "<b>TNF</b>, g1", 2.0, 1.9, "stays"),
    ]  # fmt: skip
    lines = [(r["contrast"], r["kind"], r["x"], r["y"], r["x2"], r["y2"])
             for r in rows if r["part"] == "line"]  # fmt: skip
    assert lines == [
        (f"MS.1st to HP, at {v}", kind, -3.0, y, 3.0, -y)
        for v in ("MS.3rd", "MS.PP") for kind, y in (("all gone", 0.0), ("nothing gone", -3.0))
    ]  # fmt: skip
    assert figure.caption == "5 samples of 3 people."
    vl_convert.vegalite_to_vega(standalone(figure))


def test_the_tables(page: Page) -> None:
    rows = _named(page, "returns-summary-rna").rows.to_pylist()
    assert [(r["to_mean"], r["n_found"], r["percent_towards"], r["percent_by_chance"])
            for r in rows] == [("MS.3rd", 2, 75.0, 62.5), ("MS.PP", 0, 100.0, 50.0),
                               ("MS.late", 0, None, None)]  # fmt: skip
    features: Table = _named(page, "returns-features-rna")
    found = features.rows.to_pylist()
    assert [(r["feature_id"], r["to_mean"], r["state"]) for r in found] == [
        ("g1", "MS.3rd", "back"), ("g2", "MS.3rd", "towards"), ("g3", "MS.3rd", "away"),
        ("g4", "MS.3rd", "unclear"), ("g1", "MS.PP", "stays"),
    ]  # fmt: skip
    assert [round(found[0][k]) for k in ("percent_gone", "percent_low", "percent_high")] == [
        95, 70, 120,
    ]  # fmt: skip
    assert small_source(study(), SAMPLES).rows(features.query) == found


def test_many_differences_are_drawn_by_what_returns() -> None:
    many = [
        {**study()["fct_return"][3], "feature_id": f"h{i:04d}", "p_baseline": 0.001}
        for i in range(700)
    ]
    summary = [{**study()["return_summary"][0], "n_with_difference": 704}]
    page = _page(fct_return=[*study()["fct_return"][:4], *many], return_summary=summary)
    figure = _named(page, "returns-differences-rna")
    points = [r for r in figure.data["changes"].to_pylist() if r["part"] == "point"]
    assert len(points) == 600
    assert {"<b>TNF</b>, g1", "IL2, g2"} <= {p["feature"] for p in points}
    assert figure.caption.startswith("Those that return, then those that differ most clearly")


def test_without_returns_the_page_is_empty() -> None:
    assert _page(return_summary=None).sections == ()
    none = _page(fct_return=study()["fct_return"][4:5],
                 return_summary=study()["return_summary"][2:])  # fmt: skip
    assert not [b for b in all_blocks(none) if isinstance(b, Figure)]
