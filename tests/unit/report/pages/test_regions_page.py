"""The page of regions against numbers counted by hand from its rows."""

from __future__ import annotations

from typing import Any

import pytest
import vl_convert

from cohortmart.report.blocks import Figure, Page, Table, Text, all_blocks
from cohortmart.report.figure_files import standalone
from cohortmart.report.pages.regions import regions_page
from tests.support.report_regions_rows import SAMPLES, study
from tests.support.report_source import small_source


def _page(**changed: Any) -> Page:
    tables = {name: rows for name, rows in {**study(), **changed}.items() if rows is not None}
    return regions_page(small_source(tables, SAMPLES, analyses=("other", "meth")))


def _named(page: Page, name: str) -> Any:
    return next(b for b in all_blocks(page) if getattr(b, "name", "") == name)


@pytest.fixture(scope="module")
def page() -> Page:
    return _page()


def test_what_is_found_is_said_and_drawn_first(page: Page) -> None:
    (section,) = page.sections
    assert section.title == "Regions: meth"
    found, back, figure, *tables = section.blocks
    assert isinstance(found, Text)
    assert found.words == "2 regions in up; any in 2 of 2 contrasts."
    assert isinstance(back, Text)
    assert (
        back.words == "HP: 1 of 2 regions of the first change of up/back swing back in the second."
    )
    assert isinstance(figure, Figure)
    assert [t.name for t in tables if isinstance(t, Table)] == [
        "regions-found-meth", "regions-rebound-meth", "regions-contrasts-meth",
    ]  # fmt: skip


def test_a_place_is_drawn_once_with_the_change_that_follows(page: Page) -> None:
    figure = _named(page, "regions-tracks-meth")
    rows = figure.data["tracks"].to_pylist()
    panels = {r["panel_order"]: r["panel"] for r in rows}
    # `back` has a region at the first place too, which is weaker there
    assert panels == {0: "<b>TNF</b>, IL2, 1:1000-1040, up", 1: "1:9000-9020, up"}
    cpgs = [(r["probe"], r["x"], r["where"], r["change"], r["contrast"], r["estimate"])
            for r in rows if r["part"] == "cpg" and r["panel_order"] == 0]  # fmt: skip
    changes = (("the contrast", "up", 0.5), ("what follows", "back", -0.5))
    # a5 lies 601 bases behind the region
    assert cpgs == [
        (probe, x, where, *change)
        for probe, x, where in (("a1", 1000, "in the region"), ("a2", 1020, "in the region"),
                                ("a3", 1040, "in the region"), ("a4", 1500, "beside it"))
        for change in changes
    ]  # fmt: skip
    bands = [(r["x"], r["x2"]) for r in rows if r["part"] == "region"]
    assert bands == [(1000, 1040), (9000, 9020)]
    vl_convert.vegalite_to_vega(standalone(figure))


def test_genes_and_islands_lie_beneath(page: Page) -> None:
    rows = _named(page, "regions-tracks-meth").data["tracks"].to_pylist()
    strips = [(r["part"], r["strip"], r["name"], r["x"], r["x2"])
              for r in rows if r["part"] in ("gene", "island")]  # fmt: skip
    assert strips == [
        ("gene", "elsewhere in the gene", "<b>TNF</b>", 1494, 1506),
        ("gene", "promoter", "<b>TNF</b>", 994, 1046),
        ("island", "CpG island", "chr1:900-1100", 994, 1100),
    ]
    # the second panel has neither: its axes still have the region, drawn without width
    layers = _named(page, "regions-tracks-meth").spec["spec"]["layer"][-2:]
    for layer in layers:
        kept, calculated = layer["transform"]
        assert kept["filter"].endswith("|| datum.part === 'region'")
        assert calculated["calculate"] == "datum.part === 'region' ? datum.x : datum.x2"


def test_the_tables(page: Page) -> None:
    found: Table = _named(page, "regions-found-meth")
    rows = found.rows.to_pylist()
    assert [(r["region_id"], r["contrast"]) for r in rows] == [
        ("1:1000-1040", "up"), ("1:1020-1060", "back"), ("1:9000-9020", "up"),
    ]  # fmt: skip
    assert small_source(study(), SAMPLES).rows(found.query) == rows
    back = _named(page, "regions-rebound-meth").rows.to_pylist()
    assert [(r["region_id"], r["estimate_second"], r["is_found"]) for r in back] == [
        ("1:1000-1040", -0.25, True), ("1:9000-9020", -0.125, False),
    ]  # fmt: skip
    numbers: Table = _named(page, "regions-contrasts-meth")
    assert [(r["contrast"], r["n_found"], r["n_up"], r["n_down"])
            for r in numbers.rows.to_pylist()] == [("up", 2, 1, 1), ("back", 1, 0, 1)]  # fmt: skip
    assert "note" not in {c.name for c in numbers.columns}


def test_where_nothing_is_found_the_numbers_stay() -> None:
    regions = [row | {"adj_p_value": 0.5} for row in study()["dmr"]]
    none = [row | {"n_found": 0} for row in study()["dmr_summary"]]
    page = _page(dmr=regions, dmr_summary=none, rebound_region=None)
    words, table = page.sections[0].blocks
    assert words.words == "No region is found in any of 2 contrasts."
    assert table.name == "regions-contrasts-meth"


def test_what_cannot_be_said_is_told_in_place_of_a_number() -> None:
    why = "the model leaves 2 residual degrees of freedom"
    said = [row | {"note": why, "n_found": 0} for row in study()["dmr_summary"]]
    others = [row | {"analysis": "gone"} for row in study()["dmr"]]
    page = _page(dmr=others, dmr_summary=said, rebound_region=None)
    words, table = page.sections[0].blocks
    assert words.words == f"Nothing can be said of regions: {why}."
    assert table.columns[-1].name == "note"


def test_without_pairs_genes_and_regions() -> None:
    page = _page(dim_rebound_pair=None, rebound_region=None, bridge_probe_gene=None)
    figure = _named(page, "regions-tracks-meth")
    assert {r["change"] for r in figure.data["tracks"].to_pylist()} == {"the contrast", None}
    assert "Squares" not in figure.caption
    assert _page(dmr_summary=None).sections == ()
