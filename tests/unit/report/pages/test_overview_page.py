"""The page of overview: sentences and warnings are those of the tables."""

from __future__ import annotations

from pathlib import Path

import pytest
import vl_convert

from cohortmart.report.blocks import FeaturePoints, Figure, Text, all_blocks
from cohortmart.report.figure_files import standalone
from cohortmart.report.pages.overview.cautions import cautions
from cohortmart.report.pages.overview.page import overview_page
from cohortmart.report.pages.overview.people import MOST_PEOPLE
from cohortmart.report.pages.overview.strongest import strongest_findings
from cohortmart.report.source import Source
from tests.support.report_overview_rows import QC, SAMPLES, contrast, rebound, study, tables
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
    assert first.startswith("Rebound. MS: 30 of 100 genes swing back (MS_1, then MS_2)")
    assert "29 up and then down, 1 down and then up" in first
    assert "r = -0.80, by chance -0.50 (P = 0.001; a)" in first
    assert "meaning of most: 9 of 100 genes (9 higher, 0 lower) pass adjusted P < 0.05" in second
    assert "|log FC| > 1" in second
    assert "8 samples of 4 people" in second
    assert cautions(source) == []  # what is not found asks for nothing


def test_neither_the_largest_number_nor_the_largest_share_is_strongest() -> None:
    sizes = [("few", 4, 8), ("clear", 60, 900), ("many", 300, 400_000)]
    found = [contrast(name, "within", n) | {"n_tested": tested} for name, n, tested in sizes]
    (said,) = strongest_findings(small_source(tables(found), SAMPLES, analyses=["a"]))
    assert "meaning of clear: 60 of 900 genes" in said


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
        assert "the closest of A! (r = 0.70; a)" in said


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
        "rna: slide and group go together in all samples (Cramér's V 0.95 of 1)",
        "rna: slide and timepoint go together in all samples (Cramér's V 0.90 of 1)",
        "Analysis a: 1 comparison over time with fewer than 3 people at every timepoint compared "
        "(fewest: 2 in thin). Take them out",
        "Analysis a, thin: 5 found, and timepoints in a random order find up to 8. Do not rest",
        "epic: nothing says what these filters need: beads, masks. Give the files, or switch",
        "Derived assay cells: only 399 of the 500 features of ref.csv are in epic. See that",
    ]
    assert len(said) == len(begins)
    assert all(line.startswith(begin) for line, begin in zip(said, begins, strict=True)), said


def test_the_page_of_a_study_without_analyses() -> None:
    page = overview_page(small_source({"qc_sample": QC}, SAMPLES))
    assert page.lead.startswith("5 people, 2 timepoints, 10 samples")
    texts = [b.words for b in all_blocks(page) if isinstance(b, Text)]
    assert texts[0] == "No analysis ran."
    figures = {b.name: b for b in all_blocks(page) if isinstance(b, Figure)}
    assert list(figures) == ["overview-grid"]
    grid = figures["overview-grid"].data["grid"].to_pylist()
    assert len(grid) == 10
    assert [r["state"] for r in grid].count("left out") == 1
    out = next(r for r in grid if r["state"] == "left out")
    assert (out["subject"], out["left_out"], out["there"]) == ("P1", "rna", "")
    for figure in figures.values():
        assert "<svg" in vl_convert.vegalite_to_svg(standalone(figure))


def test_all_assays_of_a_person_stand_in_one_square() -> None:
    other = [
        {"assay": "epic", "sample_id": s[0], "filter_reason": None} for s in SAMPLES if s[1] != "P4"
    ]
    page = overview_page(small_source({"qc_sample": [*QC, *other]}, SAMPLES))
    (figure,) = [b for b in all_blocks(page) if isinstance(b, Figure)]
    found = {(r["subject"], r["timepoint"]): r for r in figure.data["grid"].to_pylist()}
    assert len(found) == 10
    assert (found["P0", "1st"]["state"], found["P0", "1st"]["there"]) == ("all", "epic, rna")
    assert (found["P4", "1st"]["state"], found["P4", "1st"]["missing"]) == ("some", "epic")
    assert (found["P1", "3rd"]["state"], found["P1", "3rd"]["left_out"]) == ("some", "rna")
    assert found["P1", "3rd"]["missing"] == ""


def test_kinds_of_measurement_with_the_same_numbers_are_counted_once(tmp_path: Path) -> None:
    other = [{"assay": "epic", "sample_id": s[0], "filter_reason": None} for s in SAMPLES]
    given = {"qc_sample": [*QC, *other]}
    page = overview_page(small_source(given, SAMPLES, tmp_path, pseudonymised=True))
    (figure,) = [b for b in all_blocks(page) if isinstance(b, Figure)]
    counts = figure.data["counts"].to_pylist()
    assert {r["measured"] for r in counts} == {"epic, CD4; rna, CD4"}
    assert [(r["study_group"], r["timepoint"], r["people"]) for r in counts] == [
        ("MS", "1st", 3), ("MS", "3rd", 3), ("HP", "1st", 2), ("HP", "3rd", 2),
    ]  # fmt: skip
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


def pictures(source: Source) -> dict[str, Figure]:
    page = overview_page(source)
    found = {b.name: b for b in all_blocks(page) if isinstance(b, Figure)}
    for figure in found.values():
        assert "<svg" in vl_convert.vegalite_to_svg(standalone(figure))
    return found


def test_the_first_page_begins_with_pictures_of_the_strongest_result() -> None:
    found = pictures(small_source(study(), SAMPLES, analyses=["a"]))
    assert list(found) == [
        "overview-courses", "overview-volcano", "overview-heat-map", "overview-grid",
    ]  # fmt: skip
    courses = found["overview-courses"].data["courses"].to_pylist()
    # g2 swings back most clearly
    assert list(dict.fromkeys(r["feature"] for r in courses)) == ["g2", "IL7R, g1", "g3", "g4"]
    assert {r["kind"] for r in courses} == {"person", "mean"}
    assert found["overview-courses"].title == "Genes that swing back most clearly"
    rows = found["overview-heat-map"].data["rows"].to_pylist()
    # the smallest P values, those that are higher above
    assert [r["feature"] for r in rows if r["row"] >= 0] == ["IL7R", "g3", "g2", "g4"]
    assert found["overview-heat-map"].data["columns"].num_rows == len(SAMPLES)
    assert "10 samples of 5 people" in found["overview-heat-map"].caption
    points = found["overview-volcano"].data["features"]
    assert isinstance(points, FeaturePoints)
    assert points.features.n == 4
    labels = found["overview-volcano"].data["labels"].to_pylist()
    assert {"IL7R", "g2"} <= {r["text"] for r in labels}


def test_without_a_rebound_what_changes_is_drawn() -> None:
    without = {k: v for k, v in study().items() if "rebound" not in k and "correlation" not in k}
    found = pictures(small_source(without, SAMPLES, analyses=["a"]))
    assert found["overview-courses"].title == "Genes that change most clearly"
    assert "most" in found["overview-courses"].caption


def test_means_are_drawn_where_no_person_may_be(tmp_path: Path) -> None:
    found = pictures(small_source(study(), SAMPLES, tmp_path, analyses=["a"], pseudonymised=True))
    courses = found["overview-courses"].data["courses"].to_pylist()
    assert {r["kind"] for r in courses} == {"mean"}
    columns = found["overview-heat-map"].data["columns"].to_pylist()
    assert len(columns) == 4
    assert {c["subject"] for c in columns} == {""}
    assert "by group and timepoint" in found["overview-heat-map"].title


@pytest.mark.parametrize("missing", ["group_expression", "design_matrix", "fct_contrast_result"])
def test_pictures_whose_tables_are_missing_are_left_out(missing: str) -> None:
    given = {k: v for k, v in study().items() if k != missing}
    found = pictures(small_source(given, SAMPLES, analyses=["a"]))
    assert "overview-heat-map" not in found
    assert "overview-grid" in found


def test_one_timepoint_and_one_group_have_no_courses() -> None:
    once = [s for s in SAMPLES if s[2:4] == ("MS", "1st")]
    kept = {s[0] for s in once}
    given = {
        name: [r for r in rows if r.get("sample_id", s0) in kept]
        for name, rows in study().items()
        for s0 in [next(iter(kept))]
    }
    given["group_expression"] = [
        r for r in given["group_expression"] if (r["study_group"], r["timepoint"]) == ("MS", "1st")
    ]
    found = pictures(small_source(given, once, analyses=["a"]))
    assert "overview-courses" not in found
    assert {"overview-volcano", "overview-heat-map", "overview-grid"} <= set(found)
