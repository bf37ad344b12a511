"""The same tables give the same bytes, in whatever order their rows come; and no names leave."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import vl_convert

from cohortmart.core.pseudonyms import Names, kept_pseudonyms
from cohortmart.report import assemble
from cohortmart.report.blocks import Choice, Column, Figure, Page, Panel, Section, Table, Text
from cohortmart.report.columns import compact, rows, stored_once
from cohortmart.report.figure_files import _renumbered, standalone
from cohortmart.report.naming import slugs
from cohortmart.report.pseudonymise import pseudonymise_page
from tests.support.report_pages import PAGES
from tests.support.report_source import small_source


def turned(rows: Any) -> Any:
    """The same rows, the last one first."""
    return rows.take(list(range(len(rows)))[::-1]) if isinstance(rows, pa.Table) else rows[::-1]


@pytest.mark.parametrize("name", PAGES)
def test_the_order_of_rows_in_the_tables_does_not_matter(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble, "vega_bundle", lambda: "")
    make, tables, samples, analyses = PAGES[name]
    page, again = (
        assemble.html("s", [make(small_source(given, samples, analyses=analyses))])
        for given in (tables, {table: turned(rows) for table, rows in tables.items()})
    )
    assert page.count("data-") > 3 or name == "help"
    assert page == again


def test_a_file_does_not_depend_on_those_drawn_before_it() -> None:
    spec = {
        "data": {"values": [{"x": 1, "n": 1}, {"x": 2, "n": 9}]}, "mark": {"type": "bar"},
        "encoding": {"x": {"field": "x", "scale": {"domain": [0, 1]}, "type": "quantitative"},
                     "color": {"field": "n", "type": "quantitative"}},
    }  # fmt: skip
    first, second = (_renumbered(vl_convert.vegalite_to_svg(spec)) for _ in range(2))
    assert first == second
    assert first.count("gradient_1") == 2
    assert first.count("url(#") == len(re.findall(r'\bid="(?:gradient|clip)', first))
    mixed = '<g id="gradient_7"/><i id="clip9"/><a fill="url(#gradient_7)"/><b c="url(#clip9)"/>'
    assert _renumbered(mixed) == mixed.replace("_7", "_1").replace("clip9", "clip1")


def test_a_line_break_in_a_name_does_not_end_an_expression(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(assemble, "vega_bundle", lambda: "")
    title = "Change in \"HP\"\n'{x}' (log2 CPM)"
    spec = {
        "data": {"name": "points"}, "mark": {"type": "point", "tooltip": True},
        "encoding": {"x": {"field": "x", "type": "quantitative", "title": title}},
    }  # fmt: skip
    figure = Figure("f", "F", "f", "f", spec, {"points": pa.table({"x": [1.0]})})
    assert "HP" in vl_convert.vegalite_to_svg(standalone(figure))
    page = assemble.html("s", [Page("p", "P", "", (Section("S", (figure,)),))])
    assert json.dumps(" ".join(title.split())) in page
    assert 'id="spec-1"' in page


def test_columns_that_several_figures_share_are_stored_once() -> None:
    draw = random.Random(1)
    long = pa.table(
        {"x": [draw.gauss(0, 1) for _ in range(300)],
         "group": [draw.choice("abcdefghij") * 3 for _ in range(300)]}
    )  # fmt: skip
    other = long.set_column(0, "x", pa.array([draw.gauss(5, 1) for _ in range(300)]))
    short = pa.table({"x": [1.0]})
    given: Mapping[str, Any] = {
        "data-one": {"points": compact(long), "line": compact(short)},
        "data-two": {"columns": [{"name": "x"}], "rows": compact(other)},
        "data-three": {"points": compact(long), "line": compact(short)},
    }
    blocks, columns = stored_once(given)
    assert list(columns) == ["column-1", "column-2"]
    assert blocks["data-two"]["columns"] == [{"name": "x"}]
    assert blocks["data-one"] == blocks["data-three"]
    assert blocks["data-one"]["line"] == compact(short)
    for block, parts in blocks.items():  # as the page puts them together again
        for part, value in parts.items():
            if part != "columns":
                whole = {n: columns.get(str(c), c) for n, c in value["columns"].items()}
                assert {**value, "columns": whole} == given[block][part]
    assert len(json.dumps([blocks, columns])) < 0.7 * len(json.dumps(given))


@pytest.fixture
def names(tmp_path: Path) -> Names:
    return kept_pseudonyms(tmp_path, ["Ada", "P07"], ["Ada_1st"], ["MS"])


def test_what_a_study_named_after_a_person_is_shown_under_her_number(names: Names) -> None:
    data = pa.table(
        {"contrast": ["without_P07", None, "Adaptive"], "x": [1.0, 2.0, 3.0], "n": [1, 2, 3]}
    )
    spec = {
        "mark": "bar", "title": "P07",
        "encoding": {
            "x": {"field": "P07", "sort": ["without_P07", "Adaptive"], "type": "nominal"},
            "text": {"field": "n", "title": "n", "scale": {"domain": ["P07"]}},
        },
    }  # fmt: skip
    figure = Figure("f", "of P07", "c P07", "a P07", spec, {"points": data})
    tables = [
        Table("t", "P07", "P07", (Column("contrast", "C"),), data, query)
        for query in ("select 1", "select * from deg where contrast = 'without_P07'")
    ]
    choice = Choice("c", "Of", (Panel("without_P07", (Text("Ada_1st"), *tables)),))
    page = pseudonymise_page(Page("p", "P", "Ada", (Section("x P07", (figure, choice)),)), names)
    (section,) = page.sections
    drawn, chosen = section.blocks
    assert isinstance(drawn, Figure)
    assert isinstance(chosen, Choice)
    her = names.subjects["P07"]
    assert section.title == f"x {her}"
    assert (drawn.title, drawn.caption, drawn.alt) == (f"of {her}", f"c {her}", f"a {her}")
    assert [r["contrast"] for r in rows(drawn.data["points"])] == [
        f"without_{her}", None, "Adaptive",
    ]  # fmt: skip
    assert drawn.spec["encoding"]["x"] == {
        "field": "P07", "sort": [f"without_{her}", "Adaptive"], "type": "nominal",
    }  # fmt: skip
    assert drawn.spec["title"] == drawn.spec["encoding"]["text"]["scale"]["domain"][0] == her
    (panel,) = chosen.panels
    assert panel.title == f"without_{her}"
    text, kept, dropped = panel.blocks
    assert text == Text("sample 1")
    assert isinstance(kept, Table)
    assert isinstance(dropped, Table)
    assert (kept.query, dropped.query, kept.title) == ("select 1", "", her)
    assert page.lead == names.subjects["Ada"]


def test_names_of_files_hold_no_one(names: Names) -> None:
    number = names.subjects["P07"].split()[1]
    assert slugs(["rna_P07", "rna", "RNA"], names.words) == {
        "rna_P07": f"rna-person-{number}", "rna": "rna", "RNA": "rna-2",
    }  # fmt: skip
