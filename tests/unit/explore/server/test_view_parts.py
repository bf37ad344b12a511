"""A part of a view: HTML that joins a page, with ids of its own."""

from __future__ import annotations

import re

import pyarrow as pa

from cohortmart.explore.answers.view import View
from cohortmart.explore.server.html import Frame, part_html, view_html
from cohortmart.report.blocks import Column, Figure, Page, Section, Table


def _view(n: int, later: str = "") -> View:
    rows = pa.table({"name": [f"a name that is long enough {i}" for i in range(20)]})
    tables = [Table(f"t{n}-{i}", "T", "", (Column("name", "Name"),), rows) for i in range(2)]
    spec = {"mark": "point", "data": {"name": "d"}}
    figure = Figure(f"f{n}", "F", "", "alt", spec, {"d": rows})
    return View(Page("gene", "G", "", (Section("S", (*tables, figure)),)), later=later)


def test_a_part_has_no_id_of_the_page_that_it_joins() -> None:
    page = view_html(_view(1, "/gene-cpgs?name=%3Cb%3E"), Frame("s"))
    part = part_html(_view(2), Frame("s"), "gene-cpgs")
    ids = [re.findall(r' id="([^"]+)"', text) for text in (page, part)]
    assert not set(ids[0]) & set(ids[1])
    assert {"gene-cpgs-spec-1", "gene-cpgs-column-1"} <= set(ids[1])
    assert '"gene-cpgs-column-1"' in part  # what stands once is named so by those who use it
    assert "config" in ids[0]
    assert 'data-later="/gene-cpgs?name=%3Cb%3E"' in page


def test_a_part_has_nothing_of_the_frame() -> None:
    part = part_html(_view(2), Frame("s"), "gene-cpgs")
    for piece in ("<html", "<h1", "<nav", "<main", "data-later", "<script src"):
        assert piece not in part
    assert "<h2>S</h2>" in part
