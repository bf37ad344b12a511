"""The page of explained changes against numbers counted by hand from its rows."""

from __future__ import annotations

from typing import Any

import pytest
import vl_convert

from cohortmart.report.blocks import Figure, Page, Table, Text, all_blocks
from cohortmart.report.figure_files import standalone
from cohortmart.report.pages.explained import explained_page
from tests.support.report_explained_rows import SAMPLES, study
from tests.support.report_source import small_source


def _page(**changed: Any) -> Page:
    tables = {name: rows for name, rows in {**study(), **changed}.items() if rows is not None}
    return explained_page(small_source(tables, SAMPLES, analyses=("other", "rna")))


def _named(page: Page, name: str) -> Any:
    return next(b for b in all_blocks(page) if getattr(b, "name", "") == name)


@pytest.fixture(scope="module")
def page() -> Page:
    return _page()


def test_a_picture_comes_first_and_a_caution_with_it(page: Page) -> None:
    (section,) = page.sections
    assert section.title == "Explained changes: rna"
    finding, figure, caution, *tables = section.blocks
    assert isinstance(finding, Text)
    assert finding.words == (
        "x: of 3 genes found, 1 are mostly explained, and in 2 a change remains; in the gene in "
        "the middle the explained part is 50 % of the change."
    )
    assert isinstance(figure, Figure)
    assert isinstance(caution, Text)
    assert caution.words == "Explained by hormone and memory is not caused by them."
    assert all(isinstance(t, Table) for t in tables)


def test_points_are_the_found_features_or_the_clearest(page: Page) -> None:
    rows = _named(page, "explained-parts-rna").data["changes"].to_pylist()
    points = [r for r in rows if r["part"] == "point"]
    assert [(r["contrast"], r["feature"], r["total"], r["remaining"], r["reading"])
            for r in points] == [
        ("x", "<b>TNF</b>, g1", 2.0, 0.5, "explained"),
        ("x", "IL2, g2", -1.0, -1.25, "a change remains"),
        ("x", "g3", 1.0, 0.5, "both"),
        ("y", "<b>TNF</b>, g1", 0.5, 0.25, "neither is sure"),
        ("y", "IL2, g2", 0.0, -0.25, "neither is sure"),
    ]  # fmt: skip
    lines = [(r["contrast"], r["kind"], r["x"], r["y"], r["x2"], r["y2"])
             for r in rows if r["part"] == "line"]  # fmt: skip
    assert lines == [
        (c, kind, -2.0, y, 2.0, -y)
        for c in ("x", "y") for kind, y in (("all explained", 0.0), ("nothing explained", -2.0))
    ]  # fmt: skip
    vl_convert.vegalite_to_vega(standalone(_named(page, "explained-parts-rna")))


def test_the_tables(page: Page) -> None:
    variables = _named(page, "explained-variables-rna").rows.to_pylist()
    assert [(r["contrast"], r["variable"], r["change"]) for r in variables] == [
        ("x", "hormone", 2.0), ("x", "memory", -0.5), ("y", "hormone", 2.0), ("y", "memory", -0.5),
    ]  # fmt: skip
    first = _named(page, "explained-contrasts-rna").rows.to_pylist()[0]
    assert (first["contrast"], first["median_percent"]) == ("x", 50.0)
    features: Table = _named(page, "explained-features-rna")
    rows = features.rows.to_pylist()
    assert [(r["feature_id"], r["percent_explained"], r["explained_low"], r["remaining_high"])
            for r in rows] == [("g1", 75.0, 0.5, 1.5), ("g2", -25.0, -0.75, -0.25),
                               ("g3", 50.0, -0.5, 1.5)]  # fmt: skip
    source = small_source(study(), SAMPLES)
    assert source.rows(features.query) == rows


def test_without_names_and_without_found_features() -> None:
    none = [row | {"n_found": 0, "median_share": None} for row in study()["explained_summary"]]
    changes = [row | {"is_found": False} for row in study()["explained_change"]]
    page = _page(dim_gene=None, explained_summary=none, explained_change=changes)
    assert page.sections[0].blocks[0].words == "No gene is found in a contrast within people."
    points = _named(page, "explained-parts-rna").data["changes"].to_pylist()
    assert "g1" in {r["feature"] for r in points}
    assert sum(r["part"] == "point" for r in points) == 6


def test_measures_of_a_continuous_assay() -> None:
    contrasts = [row | {"values_used": "measured"} for row in study()["dim_contrast"]]
    measures = [
        {"assay": assay, "feature_id": "g1", "measure_name": name, "transformed_unit": "NPX"}
        for assay, name in (("counts", "IL6"), ("other", "CRP"))
    ]
    page = _page(dim_contrast=contrasts, dim_gene=None, dim_measure=measures)
    assert "of 3 measures found" in page.sections[0].blocks[0].words
    points = _named(page, "explained-parts-rna").data["changes"].to_pylist()
    assert {"IL6, g1", "g2"} <= {r["feature"] for r in points if r["part"] == "point"}
    assert _named(page, "explained-features-rna").columns[3].label == "Total (NPX)"


def test_a_study_without_explained_changes_has_no_section() -> None:
    assert _page(explained_summary=None).sections == ()
    other = [row | {"analysis": "gone"} for row in study()["explained_variable"]]
    assert _page(explained_variable=other).sections == ()
