"""The page of the variance against numbers counted by hand from its rows."""

from __future__ import annotations

from typing import Any

import pytest
import vl_convert

from cohortmart.report.blocks import Figure, Page, Table, Text, all_blocks
from cohortmart.report.figure_files import standalone
from cohortmart.report.pages.variance import variance_page
from tests.support.report_source import small_source
from tests.support.report_variance_rows import FAULT, SAMPLES, study


def _named(page: Page, name: str) -> Any:
    return next(b for b in all_blocks(page) if getattr(b, "name", "") == name)


@pytest.fixture(scope="module")
def page() -> Page:
    return variance_page(small_source(study(), SAMPLES, analyses=("rna", "meth")))


def test_the_picture_of_an_analysis_with_people(page: Page) -> None:
    rna, meth = page.sections
    assert (rna.title, meth.title) == ("Variance: rna", "Variance: meth")
    finding, figure, table = rna.blocks
    assert isinstance(finding, Text)
    assert finding.words == (
        "In the gene in the middle 60 % of the variance beside the model lies between people; in "
        "2 of 3 it is more than half, and in 2 its interval lies above 0."
    )
    assert isinstance(figure, Figure)
    assert isinstance(table, Table)
    rows = figure.data["shares"].to_pylist()
    assert [r["variable"] for r in rows] == ["group", "group x timepoint", "subject", "residual"]
    of_people = rows[2]
    assert of_people["p50"] == pytest.approx(40.0)
    assert of_people["mean"] == pytest.approx(130 / 3)
    assert of_people["p5"] == pytest.approx(13.0)
    assert of_people["p95"] == pytest.approx(76.0)
    assert figure.caption.startswith("3 genes.")
    assert "that of subject, 40 %" in figure.alt
    vl_convert.vegalite_to_vega(standalone(figure))


def test_the_most_bound_features(page: Page) -> None:
    rows = _named(page, "variance-bound-rna").rows.to_pylist()
    assert [(r["feature_name"], r["feature_id"], r["share"], r["share_high"]) for r in rows] == [
        ("<b>TNF</b>", "g1", 90.0, 95.0), ("g3", "g3", 60.0, 75.0), ("IL2", "g2", 25.0, 50.0),
    ]  # fmt: skip
    table: Table = _named(page, "variance-bound-rna")
    assert small_source(study(), SAMPLES).rows(table.query) == rows


def test_without_people_it_says_why(page: Page) -> None:
    finding, figure = page.sections[1].blocks
    assert isinstance(finding, Text)
    assert finding.words == f"How bound to the person is not known: {FAULT}."
    assert isinstance(figure, Figure)
    assert [r["p50"] for r in figure.data["shares"].to_pylist()] == [25.0, 75.0]


def test_nothing_parted_is_an_empty_page() -> None:
    none = {name: rows for name, rows in study().items() if name == "dim_contrast"}
    assert variance_page(small_source(none, SAMPLES, analyses=("rna",))).sections == ()
