"""The page of CpGs and genes against numbers counted by hand from its rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import vl_convert

from cohortmart.report import assemble
from cohortmart.report.blocks import Choice, Figure, Page, Table, all_blocks
from cohortmart.report.figure_files import standalone
from cohortmart.report.pages.methylation_expression import methylation_expression_page
from cohortmart.report.pages.methylation_expression import scatter as link_scatter
from cohortmart.report.pages.methylation_expression import tracks as gene_tracks
from cohortmart.report.sample_numbers import samples_and_people
from cohortmart.report.source import Detail
from tests.support.report_methylation_expression_rows import HP, MS, SAMPLES, study
from tests.support.report_source import small_source


def _page(**changed: Any) -> Page:
    tables = {**study(), **changed}
    kept = {name: rows for name, rows in tables.items() if rows is not None}
    return methylation_expression_page(small_source(kept, SAMPLES, analyses=("rna", "meth")))


def _named(page: Page, name: str) -> Any:
    return next(b for b in all_blocks(page) if getattr(b, "name", "") == name)


@pytest.fixture(scope="module")
def page() -> Page:
    return _page()


def test_one_section_for_the_methylation_analysis(page: Page) -> None:
    assert [section.title for section in page.sections] == ["CpGs and their genes: meth"]
    names = [b.name for b in all_blocks(page) if hasattr(b, "name")]
    assert len(names) == len(set(names))


def test_points_are_the_pairs_of_each_contrast(page: Page) -> None:
    rows = _named(page, "methylation-expression-changes-2").data["pairs"].to_pylist()
    points = [r for r in rows if r["part"] == "point"]
    assert [(r["contrast"], r["probe"], r["x"], r["y"], r["region"]) for r in points] == [
        ("x", "c1", 0.2, -1.0, "promoter"),
        ("x", "c2", -0.3, -0.5, "gene body"),
        ("x", "c3", 0.05, 0.5, "unknown region"),
        ("y", "c1", -0.1, 2.0, "promoter"),
    ]


def test_corners_count_the_quadrants_and_those_without_a_pair(page: Page) -> None:
    rows = _named(page, "methylation-expression-changes-2").data["pairs"].to_pylist()
    corners = {(r["contrast"], r["corner"]): r["n"] for r in rows if r["part"] == "corner"}
    assert corners == {
        ("x", "up-down"): 1, ("x", "down-down"): 1, ("x", "up-up"): 1, ("x", "down-up"): 0,
        ("y", "up-down"): 0, ("y", "down-down"): 0, ("y", "up-up"): 0, ("y", "down-up"): 1,
    }  # fmt: skip


def test_many_pairs_are_counted_in_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_scatter, "_POINTS", 3)
    figure = _named(_page(), "methylation-expression-changes-2")
    cells = [r for r in figure.data["pairs"].to_pylist() if r["part"] == "cell"]
    assert sum(r["n"] for r in cells) == 4
    for contrast, x, y in (("x", 0.2, -1.0), ("x", -0.3, -0.5), ("x", 0.05, 0.5), ("y", -0.1, 2.0)):
        holding = [
            r for r in cells
            if r["contrast"] == contrast and r["x"] <= x <= r["x2"] and r["y"] <= y <= r["y2"]
        ]  # fmt: skip
        assert len(holding) == 1
    vl_convert.vegalite_to_vega(standalone(figure))


def test_a_contrast_is_drawn_only_where_delta_beta_is_known() -> None:
    rows = study()["dmp_deg"]
    without_x = [row | ({"delta_beta": None} if row["contrast"] == "x" else {}) for row in rows]
    figure = _named(_page(dmp_deg=without_x), "methylation-expression-changes-2")
    assert {r["contrast"] for r in figure.data["pairs"].to_pylist()} == {"y"}
    assert figure.alt.startswith("A scatter of 1 pair")
    none = [row | {"delta_beta": None} for row in rows]
    empty = small_source({**study(), "dmp_deg": none}, SAMPLES, analyses=("meth",))
    empty.con.execute("alter table dmp_deg alter delta_beta type double")
    names = [b.name for b in all_blocks(methylation_expression_page(empty)) if hasattr(b, "name")]
    assert "methylation-expression-changes-1" not in names
    assert "methylation-expression-pairs-1" in names


def test_counts_by_region_and_direction(page: Page) -> None:
    table: Table = _named(page, "methylation-expression-counts-2")
    x, y = table.rows.to_pylist()
    assert x == {
        "contrast": "x", "n_pairs": 3, "n_genes": 2, "promoter_opposite": 1, "promoter_same": 0,
        "body_opposite": 0, "body_same": 1, "unknown_opposite": 0, "unknown_same": 1,
        "n_within": 1, "n_changed_genes": 2,
    }  # fmt: skip
    assert (y["contrast"], y["n_pairs"], y["promoter_opposite"]) == ("y", 1, 1)
    # a column of zeros for regions that nobody lacks is left out
    shown = [column.name for column in table.columns]
    assert "unknown_same" in shown
    assert "unknown_opposite" not in shown


def test_each_pair_once_in_its_clearest_contrast(page: Page) -> None:
    table: Table = _named(page, "methylation-expression-pairs-2")
    rows = table.rows.to_pylist()
    # the larger P of c1 is 0.02 in x and 0.03 in y; a pair without r comes last
    assert [(r["probe_id"], r["contrast"], r["n_contrasts"]) for r in rows] == [
        ("c1", "x", 2), ("c2", "x", 1), ("c3", "x", 1),
    ]  # fmt: skip
    source = small_source(study(), SAMPLES)
    assert source.rows(table.query) == rows


def test_course_of_the_expression(page: Page) -> None:
    figure: Figure = _named(page, "methylation-expression-course-2-1")
    rows = figure.data["course"].to_pylist()
    assert {(r["study_group"], r["timepoint"]): (r["mean"], r["low"]) for r in rows} == {
        (HP, "1st"): (5.0, 4.9), (HP, "3rd"): (6.0, None),
        (MS, "1st"): (7.0, None), (MS, "3rd"): (8.0, None),
    }  # fmt: skip
    assert figure.where == "both"
    assert _named(page, "methylation-expression-course-2-2").where == "page"
    assert figure.caption.endswith("5 samples of 3 people.")


def test_track_is_in_genomic_order_without_dropped_probes(page: Page) -> None:
    figure: Figure = _named(page, "methylation-expression-track-2-1")
    rows = figure.data["track"].to_pylist()
    probes = {r["probe"]: r for r in rows if r["part"] == "probe" and r["panel"] == HP}
    assert sorted(probes, key=lambda p: probes[p]["probe_order"]) == ["c2", "c1", "c9"]
    assert {p: (r["strip"], r["is_pair"]) for p, r in probes.items()} == {
        "c1": ("promoter", True),
        "c2": ("elsewhere in the gene", True),
        "c9": ("not known", False),
    }
    assert probes["c1"]["region"] == "Body, TSS200"
    betas = [r for r in rows if r["part"] == "beta"]
    assert len(betas) == 3 * 4
    assert {r["probe_order"] for r in betas if r["probe"] == "c9"} == {3}
    assert {r["panel"]: r["panel_order"] for r in rows} == {HP: 1, MS: 2}
    assert "Chromosome 1, bases 100 to 300" in figure.caption


def test_of_many_probes_those_next_to_the_pair_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gene_tracks, "_PROBES", 1)
    figure = _named(_page(), "methylation-expression-track-2-1")
    assert set(figure.data["track"]["probe"].to_pylist()) == {"c1"}
    assert "1 of 3" in figure.caption


def test_as_many_genes_as_wanted() -> None:
    source = small_source(study(), SAMPLES, analyses=("meth",), detail=Detail(trajectories=1))
    choice = next(
        b for b in all_blocks(methylation_expression_page(source)) if isinstance(b, Choice)
    )
    assert [panel.title for panel in choice.panels] == ["<b>TNF</b> (g1)"]


def test_no_value_of_a_single_person_leaves_the_house(tmp_path: Path) -> None:
    source = small_source(study(), SAMPLES, tmp_path, analyses=("meth",), pseudonymised=True)
    page = methylation_expression_page(source)
    for name, data in (("course", "course"), ("track", "track")):
        rows = _named(page, f"methylation-expression-{name}-1-1").data[data].to_pylist()
        assert {r["n_subjects"] for r in rows if r.get("part") != "probe"} == {2}


def test_samples_of_several_kinds_get_a_cell_each() -> None:
    source = small_source(study(), SAMPLES, analyses=("meth",))
    source.con.execute("update shown_sample set cell_type = 'CD8' where sample_id = 's1'")
    for table in ("group_expression", "group_methylation"):
        source.con.execute(
            f"insert into {table} select * replace ('CD8' as cell_type) from {table}"
        )
    page = methylation_expression_page(source)
    course = _named(page, "methylation-expression-course-1-1")
    assert set(course.data["course"]["kind"].to_pylist()) == {"CD4", "CD8"}
    assert course.fit == "columns"
    track = _named(page, "methylation-expression-track-1-1").data["track"]
    assert set(track["panel"].to_pylist()) == {
        f"{g}, {c}" for g in (HP, MS) for c in ("CD4", "CD8")
    }
    vl_convert.vegalite_to_vega(standalone(course))


def test_pictures_compile_and_values_stay_text(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assemble, "vega_bundle", str)
    for name in (
        "methylation-expression-changes-2",
        "methylation-expression-course-2-1",
        "methylation-expression-track-2-1",
    ):
        figure = _named(page, name)
        vl_convert.vegalite_to_vega(standalone(figure))
    text = assemble.html("small", [page])
    assert "<b>TNF" not in text
    assert MS not in text
    assert MS not in json.dumps([_named(page, "methylation-expression-changes-2").spec])


def test_a_study_without_pairs_or_means() -> None:
    assert methylation_expression_page(small_source({}, SAMPLES)).sections == ()
    others = [{**row, "analysis": "other"} for row in study()["dmp_deg"]]
    assert _page(dmp_deg=others).sections == ()
    bare = _page(group_expression=None, design_matrix=None)
    assert not [b for b in all_blocks(bare) if isinstance(b, Choice)]
    assert _named(bare, "methylation-expression-changes-2").caption == ""


def test_samples_and_people_of_one_and_of_several() -> None:
    source = small_source(study(), SAMPLES)
    assert samples_and_people(source, ["rna"]) == "5 samples of 3 people."
    assert samples_and_people(source, ["rna", "meth", "none"]) == (
        "rna: 5 samples of 3 people; meth: 5 samples of 3 people."
    )
