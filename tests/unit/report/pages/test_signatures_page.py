"""The page of signatures against numbers counted by hand from its rows."""

from __future__ import annotations

from typing import Any

import pytest
import vl_convert

from cohortmart.report.blocks import Figure, Page, Table, Text, all_blocks
from cohortmart.report.figure_files import standalone
from cohortmart.report.pages.signatures import pictures, signatures_page
from tests.support.report_signatures_rows import SAMPLES, study
from tests.support.report_source import small_source


def _page(**changed: Any) -> Page:
    tables = {name: rows for name, rows in {**study(), **changed}.items() if rows is not None}
    return signatures_page(small_source(tables, SAMPLES, analyses=("other", "rna")))


def _named(page: Page, name: str) -> Any:
    return next(b for b in all_blocks(page) if getattr(b, "name", "") == name)


@pytest.fixture(scope="module")
def page() -> Page:
    return _page()


def test_what_is_said_comes_first_then_pictures_then_numbers(page: Page) -> None:
    (section,) = page.sections
    assert section.title == "Signatures: rna"
    *said, cells, scatter, table = section.blocks
    assert [t.words for t in said if isinstance(t, Text)] == [
        "few: 5 genes in common are too few to compare.",
        "ms: 1 contrast of 2 like it or its opposite beyond chance. x goes with it most clearly: "
        "r = 0.80 over 5 genes; without effect 95 % lie between -0.30 and 0.30.",
        "ra: none of 2 contrasts is like it beyond chance.",
    ]
    assert isinstance(cells, Figure)
    assert isinstance(scatter, Figure)
    assert isinstance(table, Table)


def test_cells_say_r_and_its_reach_without_effect(page: Page) -> None:
    figure = _named(page, "signatures-rna")
    rows = figure.data["cells"].to_pylist()
    assert [(r["contrast"], r["signature"], r["said"], r["beyond"]) for r in rows] == [
        ("x", "ms", "0.80  (±0.30)", True), ("x", "ra", "0.10  (±0.30)", False),
        ("y", "ms", "0.00  (±0.30)", False), ("y", "ra", "-0.20  (±0.25)", False),
    ]  # fmt: skip
    assert figure.alt == (
        "A grid of 2 contrasts and 2 published tables; 1 of 4 correlations are beyond chance."
    )
    vl_convert.vegalite_to_vega(standalone(figure))


def test_the_scatter_is_of_the_clearest_pair(page: Page) -> None:
    figure = _named(page, "signatures-scatter-rna")
    assert figure.title == "x beside ms: rna"
    rows = figure.data["points"].to_pylist()
    assert [(r["name"], r["x"], r["y"], r["class"]) for r in rows] == [
        ("<b>TNF</b>", 2.0, 1.5, "in both, same direction"),
        ("IL2", -1.0, 0.5, "in both, opposite directions"),
        ("g3", 0.5, 0.25, "in ms alone"),
        ("IFNG", -0.25, -1.0, "in the contrast alone"),
        ("TP53", 0.1, 0.0, "in neither"),
    ]
    assert set(figure.data["labels"]["text"].to_pylist()) == {"<b>TNF</b>", "IL2"}
    assert figure.caption == "The clearest of all. Up to 5 samples of 3 people a contrast."
    vl_convert.vegalite_to_vega(standalone(figure))


def test_of_many_features_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every third, and those that are found in both."""
    monkeypatch.setattr(pictures, "_POINTS", 2)
    figure = _named(_page(), "signatures-scatter-rna")
    assert figure.data["points"]["feature_id"].to_pylist() == ["g1", "g2", "g3"]
    assert "3 of 5 are drawn." in figure.caption


def test_the_table_and_its_sql(page: Page) -> None:
    table = _named(page, "signatures-numbers-rna")
    rows = table.rows.to_pylist()
    assert [(r["contrast"], r["signature"]) for r in rows] == [
        ("x", "ms"), ("y", "ra"), ("x", "ra"), ("y", "ms"), ("x", "few"), ("y", "few"),
    ]  # fmt: skip
    assert rows[0]["sign_percent"] == 80.0
    assert small_source(study(), SAMPLES).rows(table.query) == rows


def test_nothing_to_show() -> None:
    assert _page(signature_correlation=None).sections == ()
    few = [r for r in study()["signature_correlation"] if r["signature"] == "few"]
    page = _page(signature_correlation=few)
    assert [type(b) for b in page.sections[0].blocks] == [Text, Table]
