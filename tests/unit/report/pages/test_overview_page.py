"""The page of overview: sentences and warnings are those of the tables."""

from __future__ import annotations

from pathlib import Path

import pytest
import vl_convert

from cohortmart.report.blocks import Figure, Text, all_blocks
from cohortmart.report.figure_files import standalone
from cohortmart.report.pages.overview.cautions import cautions
from cohortmart.report.pages.overview.page import MOST_PEOPLE, overview_page
from cohortmart.report.pages.overview.strongest import strongest_findings
from tests.support.report_overview_rows import QC, SAMPLES, contrast, rebound, tables
from tests.support.report_source import small_source


def test_the_strongest_of_each_kind() -> None:
    rebounds = [
        rebound("HP", 90, "no different from chance"), rebound("MS", 30, "stronger than chance"),
    ]  # fmt: skip
    found = [
        contrast("few", "within", 2), contrast("most", "within", 9), contrast("none", "mixed", 0),
        *(contrast(f"{g}_{i}", "within", 0) for g in ("HP", "MS") for i in (1, 2)),
    ]  # fmt: skip
    source = small_source(tables(found, rebounds), SAMPLES, analyses=["a"])
    first, second = strongest_findings(source)
    assert first.startswith("Rebound. MS: 30 of 100 genes change one way and then swing back")
    assert "29 up and then down, 1 down and then up" in first
    assert "r = -0.80; chance alone gives -0.50 (P = 0.001; analysis a)" in first
    assert "meaning of most: 9 of 100 genes (9 higher, 0 lower) pass adjusted P < 0.05" in second
    assert "|log FC| > 1" in second
    assert "8 samples of 4 people" in second
    assert any("no more than chance" in line for line in cautions(source))


def test_the_closest_pair_is_one_pair_whatever_the_order_of_the_rows() -> None:
    rows = [
        {"analysis": "a", "contrast": "few", "probe_id": probe, "gene_id": gene,
         "gene_name": gene and f"{gene}!", "p_within": p, "r_within": r, "adj_p_within": 0.01}
        for probe, gene, p, r in [("cg2", "B", 0.001, -0.9), ("cg1", "A", 0.001, 0.7),
                                  ("cg0", "A", 0.002, 0.5)]
    ]  # fmt: skip
    for given in (rows, rows[::-1]):
        found = tables([contrast("few", "within", 0)]) | {"dmp_deg": given}
        (said,) = strongest_findings(small_source(found, SAMPLES, analyses=["a"]))
        assert "3 CpG-gene pairs of 2 genes" in said
        assert "the closest pair is of A! (r = 0.70; analysis a)" in said


def test_warnings_of_analyses_are_said_and_their_notes_are_not() -> None:
    notes = [
        {"analysis": a, "note_order": i, "kind": kind, "note": note}
        for a, i, kind, note in [
            ("b", 1, "warning", "195 of 400 genes have no count; `filter: filter_by_expr` helps"),
            ("a", 2, "warning", "second"), ("a", 1, "warning", "first"), ("a", 3, "note", "third"),
        ]
    ]  # fmt: skip
    source = small_source({"analysis_note": notes}, SAMPLES, analyses=["a", "b"])
    assert cautions(source) == [
        "Analysis a: first.",
        "Analysis a: second.",
        "Analysis b: 195 of 400 genes have no count; 'filter: filter_by_expr' helps.",
    ]


def test_what_to_beware_of() -> None:
    pairs = [
        ("study_group", "slide", 0.95), ("study_group", "age", 0.5),
        ("timepoint", "slide", 0.9), ("timepoint", "week", 0.99),
        ("study_group", "timepoint", 0.99), ("slide", "library_batch", 0.99),
    ]  # fmt: skip
    associations = [
        {"assay": "rna", "sample_set": "all samples", "first_variable": a, "second_variable": b,
         "strength": s, "p_value": 1e-5,
         "statistic": "correlation ratio" if b == "week" else "Cramér's V"}
        for a, b, s in pairs
    ]  # fmt: skip
    given = tables([contrast("thin", "within", 0, n_complete=2)]) | {
        "qc_association": associations,
        "qc_sample_set": [{"assay": "rna", "sample_set": "all samples", "analysis": None}],
        "permutation_check": [
            {"analysis": "a", "contrast": "thin", "n_found": 5, "n_high": 8.0},
            {"analysis": "a", "contrast": "good", "n_found": 50, "n_high": 8.0},
        ],
        "qc_probe_funnel": [
            {"assay": "epic", "step": s, "step_order": i, "annotation": "missing"}
            for i, s in enumerate(["beads", "masks"])
        ],
        "derived_assay": [
            {
                "assay": name,
                "made_from": "epic",
                "file": "ref.csv",
                "n_features": 500,
                "n_found": n,
                "found_share": n / 500,
            }
            for name, n in (("cells", 399), ("clock", 400))
        ],
    }
    said = cautions(small_source(given, SAMPLES, analyses=["a"]))
    begins = [
        "rna: 1 sample left out: S1_3rd (too few reads).",
        "rna: slide and group go together in all samples (Cramér's V 0.95 of 1)",
        "rna: slide and timepoint go together in all samples (Cramér's V 0.90 of 1)",
        "Analysis a: 1 comparison over time with fewer than 3 people with a sample at every "
        "timepoint compared (fewest: 2 in thin).",
        "Analysis a, thin: 5 found, and timepoints in a random order find up to 8.",
        "Filters of epic that could not be applied, as their annotation is missing: beads, masks.",
        "Derived assay cells: only 399 of the 500 features of ref.csv are in epic.",
        "Analysis a: nothing passes the thresholds",
    ]
    assert len(said) == len(begins)
    assert all(line.startswith(begin) for line, begin in zip(said, begins, strict=True)), said


def test_the_page_of_a_study_without_analyses() -> None:
    page = overview_page(small_source({"qc_sample": QC}, SAMPLES))
    assert page.lead.startswith("5 people, 2 timepoints, 10 samples")
    texts = [b.words for b in all_blocks(page) if isinstance(b, Text)]
    assert texts[0] == "No analysis ran."
    figures = {b.name: b for b in all_blocks(page) if isinstance(b, Figure)}
    assert list(figures) == ["overview-grid", "overview-counts"]
    grid = figures["overview-grid"].data["grid"].to_pylist()
    assert len(grid) == 10
    assert [r["state"] for r in grid].count("left out") == 1
    assert next(r for r in grid if r["state"] == "left out")["subject"] == "P1"
    counts = figures["overview-counts"].data["counts"].to_pylist()
    assert [(r["study_group"], r["timepoint"], r["people"]) for r in counts] == [
        ("MS", "1st", 3), ("MS", "3rd", 3), ("HP", "1st", 2), ("HP", "3rd", 2),
    ]  # fmt: skip
    for figure in figures.values():
        assert "<svg" in vl_convert.vegalite_to_svg(standalone(figure))


def test_people_are_counted_and_not_drawn_for_others_or_where_they_are_many(
    tmp_path: Path,
) -> None:
    shown = overview_page(small_source({"qc_sample": QC}, SAMPLES, tmp_path, pseudonymised=True))
    assert [b.name for b in all_blocks(shown) if isinstance(b, Figure)] == ["overview-counts"]
    many = [(f"S{i}", f"P{i}", "MS", "1st", 1) for i in range(MOST_PEOPLE + 1)]
    qc = [{"assay": "rna", "sample_id": s[0], "filter_reason": None, "lib_size": 1e7} for s in many]
    shown = overview_page(small_source({"qc_sample": qc}, many))
    assert [b.name for b in all_blocks(shown) if isinstance(b, Figure)] == ["overview-counts"]


@pytest.mark.parametrize("pseudonymised", [False, True])
def test_an_empty_warehouse_breaks_nothing(tmp_path: Path, pseudonymised: bool) -> None:
    page = overview_page(small_source({}, SAMPLES[:1], tmp_path, pseudonymised=pseudonymised))
    assert page.lead.startswith("1 person, 1 timepoint, 1 sample")
    assert len(page.sections) == 1
