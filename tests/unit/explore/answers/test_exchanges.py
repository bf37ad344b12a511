"""Exchanged samples are found where samples are like their own kind, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from cohortmart.core.study.kinds import KINDS
from cohortmart.explore.answers.samples.exchanges import exchanges
from cohortmart.report.pages.quality.assays import Assay
from cohortmart.report.source import Source
from tests.support.report_source import small_source

RNA = Assay("rna", "rna", KINDS["counts"], 24, 6)
PEOPLE, VISITS, CELLS = "ABCDEF", (1, 2), ("CD4", "CD8")
#: What each sample truly is; its name is what the sheet says.
TRUE = {f"{p}{v}{c}": (p, c) for p in PEOPLE for v in VISITS for c in CELLS}


def _source(
    true: dict[str, tuple[str, str]],
    root: Path,
    identity: Sequence[dict[str, Any]] = (),
    **options: Any,
) -> Source:
    """Pairs correlate at 0.9 and lose 0.2 for another cell type, 0.05 for another person."""
    samples = [(s, s[0], "g", f"v{s[1]}", int(s[1])) for s in true]
    pairs = [
        {"assay": "rna", "sample_set": "all samples", "first_sample_id": min(a, b),
         "second_sample_id": max(a, b),
         "r": 0.9 - 0.2 * (true[a][1] != true[b][1]) - 0.05 * (true[a][0] != true[b][0])}
        for a, b in combinations(true, 2)
    ]  # fmt: skip
    tables = {"qc_sample_correlation": pairs} | ({"qc_identity": identity} if identity else {})
    source = small_source(tables, samples, root, **options)
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


IDENTITY = [
    {"assay": "rna", "sample_id": "A1CD4", "likely_subject_id": "B", "exchanged_with": "B1CD4",
     "verdict": "exchanged", "reason": "link: like B"},
    {"assay": "rna", "sample_id": "B1CD4", "likely_subject_id": "A", "exchanged_with": "A1CD4",
     "verdict": "exchanged", "reason": "link: like A"},
    {"assay": "rna", "sample_id": "C1CD4", "likely_subject_id": None, "exchanged_with": None,
     "verdict": "other person", "reason": "of nobody"},
    {"assay": "rna", "sample_id": "D1CD4", "likely_subject_id": None, "exchanged_with": None,
     "verdict": "contaminated", "reason": "between"},
    {"assay": "rna", "sample_id": "E1CD4", "likely_subject_id": "E", "exchanged_with": None,
     "verdict": "as said", "reason": "like E"},
    {"assay": "other", "sample_id": "F1CD4", "likely_subject_id": "E", "exchanged_with": None,
     "verdict": "other person", "reason": "like E"},
]  # fmt: skip


def test_other_people_are_those_of_the_table(tmp_path: Path) -> None:
    source = _source(TRUE, tmp_path, identity=IDENTITY)
    assert exchanges(source, RNA) == {
        "A1CD4": "exchanged with B1CD4: of person B, not of A (link: like B)",
        "B1CD4": "exchanged with A1CD4: of person A, not of B (link: like A)",
        "C1CD4": "of nobody else in the study, not of C (of nobody)",
        "D1CD4": "contaminated: between",
    }


def test_the_cell_type_is_told_beside_the_person(tmp_path: Path) -> None:
    source = _source(_swapped("A1CD4", "A1CD8"), tmp_path, identity=IDENTITY)
    found = exchanges(source, RNA)
    assert found["A1CD4"].startswith("exchanged with B1CD4: of person B, not of A (link: like B); ")
    assert "more like CD8" in found["A1CD4"]
    assert set(found) == {"A1CD4", "A1CD8", "B1CD4", "C1CD4", "D1CD4"}


def test_where_people_are_as_unlike_as_any_two_nothing_is_odd(tmp_path: Path) -> None:
    strangers = {name: (f"{i}", "CD4") for i, name in enumerate(TRUE)}
    assert exchanges(_source(strangers, tmp_path), RNA) == {}


def test_of_people_who_are_numbers_nothing_is_said(tmp_path: Path) -> None:
    source = _source(_swapped("A1CD4", "A1CD8"), tmp_path, IDENTITY, pseudonymised=True)
    assert exchanges(source, RNA) == {}
