"""Exchanged samples are found where samples are like their own kind, and nowhere else."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.study.kinds import KINDS
from cohortmart.explore.answers.samples.exchanges import exchanges
from cohortmart.report.pages.quality.assays import Assay
from cohortmart.report.source import Source
from tests.support.report_source import small_source

RNA = Assay("rna", "rna", KINDS["counts"], 24, 6)
PEOPLE, VISITS, CELLS = "ABCDEF", (1, 2), ("CD4", "CD8")
#: What each sample truly is; its name is what the sheet says.
TRUE = {f"{p}{v}{c}": (p, c) for p in PEOPLE for v in VISITS for c in CELLS}


def _source(true: dict[str, tuple[str, str]], root: Path, **options: Any) -> Source:
    """Pairs correlate at 0.9 and lose 0.2 for another cell type, 0.05 for another person."""
    samples = [(s, s[0], "g", f"v{s[1]}", int(s[1])) for s in true]
    pairs = [
        {"assay": "rna", "sample_set": "all samples", "first_sample_id": min(a, b),
         "second_sample_id": max(a, b),
         "r": 0.9 - 0.2 * (true[a][1] != true[b][1]) - 0.05 * (true[a][0] != true[b][0])}
        for a, b in combinations(true, 2)
    ]  # fmt: skip
    source = small_source({"qc_sample_correlation": pairs}, samples, root, **options)
    source.con.execute("update shown_sample set cell_type = sample_id[3:]")
    return source


def _swapped(one: str, other: str) -> dict[str, tuple[str, str]]:
    return TRUE | {one: TRUE[other], other: TRUE[one]}


def test_none_where_all_are_like_their_own(tmp_path: Path) -> None:
    assert exchanges(_source(TRUE, tmp_path), RNA) == {}


def test_two_cell_types_exchanged(tmp_path: Path) -> None:
    found = exchanges(_source(_swapped("A1CD4", "A1CD8"), tmp_path), RNA)
    assert set(found) == {"A1CD4", "A1CD8"}
    # 23 - 11 others of CD8, ten of them of other people
    assert found["A1CD4"] == (
        "more like CD8 (median r 0.850, not 0.650) than like CD4, as the sheet says: exchanged?"
    )


@pytest.mark.parametrize("cells", CELLS)
def test_two_people_exchanged(tmp_path: Path, cells: str) -> None:
    people = [f"{p}3{cells}" for p in PEOPLE]
    true = TRUE | {name: (name[0], cells) for name in people}
    one, other = f"A1{cells}", f"B1{cells}"
    true |= {one: true[other], other: true[one]}
    found = exchanges(_source(true, tmp_path), RNA)
    assert set(found) == {one, other}
    assert found[one] == (
        "more like the samples of person B (median r 0.900, not 0.850) than like those of its own "
        "person: exchanged?"
    )


def test_where_people_are_as_unlike_as_any_two_nothing_is_odd(tmp_path: Path) -> None:
    strangers = {name: (f"{i}", "CD4") for i, name in enumerate(TRUE)}
    assert exchanges(_source(strangers, tmp_path), RNA) == {}


def test_of_people_who_are_numbers_nothing_is_said(tmp_path: Path) -> None:
    source = _source(_swapped("A1CD4", "A1CD8"), tmp_path, pseudonymised=True)
    assert exchanges(source, RNA) == {}
