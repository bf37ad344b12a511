"""A module of six genes as the explorer shows it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.module import module_view
from cohortmart.report.blocks import Figure, Table, all_blocks
from tests.support.explored_source import explored_source
from tests.support.report_findings_rows import SAMPLES, study
from tests.support.report_source import small_source


def explored(**changed: Any) -> Explored:
    tables = {**study(), **changed}
    rows = [
        {**row, "first_contrast": "c1", "second_contrast": "c2"}
        for row in tables["rebound_summary"]
    ]
    tables["rebound_summary"] = rows
    return explored_source(small_source(tables, SAMPLES, analyses=("rna", "two")))


def test_a_module_shows_its_genes_and_leads_on() -> None:
    view = module_view(explored(), {"analysis": "rna", "name": "a/b"})
    assert view.page.title == "Module of rna, a/b"
    tables = {t.name: t.rows for t in all_blocks(view.page) if isinstance(t, Table)}
    genes = tables["findings-module-1-genes"].to_pylist()
    assert [(g["gene_name"], g["role"]) for g in genes][:2] == [("X", "added"), ("Y", "added")]
    assert genes[0]["address"] == "/gene?name=X"
    (shared,) = tables["module-shared"].to_pylist()
    assert (shared["analysis"], shared["n_other"], shared["n_both"]) == ("two", 4, 3)
    assert shared["address"] == "/module?analysis=two&name=a%2Fb"
    figure = next(b for b in all_blocks(view.page) if isinstance(b, Figure))
    points = figure.data["genes"]
    assert isinstance(points, pa.Table)
    assert "/gene?name=A" in points["address"].to_pylist()
    assert view.links[0].address == "/list?features=A+B+C+D+X+Y"


def test_without_a_name_the_first_is_shown() -> None:
    assert module_view(explored(), {}).page.title == "Module of rna, a/b"


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(InputError, match="no such module"):
        module_view(explored(), {"analysis": "rna", "name": "<b>"})
    with pytest.raises(InputError, match="has no modules"):
        module_view(explored(module_summary=pa.table({"analysis": [], "pair": []})), {})
