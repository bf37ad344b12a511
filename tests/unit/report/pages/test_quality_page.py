"""The page of quality against numbers counted by hand from the rows in `quality_rows`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import vl_convert

from cohortmart.report import assemble
from cohortmart.report.blocks import Block, Choice, Figure, Page, Section, Text, all_blocks
from cohortmart.report.figure_files import standalone
from cohortmart.report.pages.quality import quality_page, trend, variables
from cohortmart.report.pages.quality import sample_similarity as alike
from cohortmart.report.pages.quality.assays import assays, sample_sets
from cohortmart.report.pages.quality.flags import quality_flags
from cohortmart.report.pages.quality.maps import map_blocks
from cohortmart.report.pages.quality.sample_similarity import correlation_blocks
from cohortmart.report.source import Detail, Source
from cohortmart.report.theme import GROUP_COLOURS
from tests.support.report_quality_rows import HP, IDS, LIBRARIES, MS, SAMPLES, study
from tests.support.report_source import small_source


def _source(tables: dict[str, Any] | None = None, **options: Any) -> Source:
    kept = {k: v for k, v in {**study(), **(tables or {})}.items() if v is not None}
    return small_source(kept, SAMPLES, analyses=("one", "two"), **options)


def _named(page: Page, name: str) -> Any:
    return next(b for b in all_blocks(page) if getattr(b, "name", "") == name)


def _of(blocks: tuple[Block, ...]) -> Page:
    return Page("part", "", "", (Section("", blocks),))


def _data(page: Page, name: str, data: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _named(page, name).data[data].to_pylist()
    return rows


def _warnings(page: Page) -> list[str]:
    return [b.words for b in all_blocks(page) if isinstance(b, Text) and b.kind == "warning"]


def _flags(**tables: Any) -> str:
    source = _source(tables)
    return "\n".join(words for assay in assays(source) for words in quality_flags(source, assay))


@pytest.fixture(scope="module")
def page() -> Page:
    return quality_page(_source())


def test_the_sections_go_assay_by_assay_and_leave_out_what_there_is_not(page: Page) -> None:
    assert [section.title for section in page.sections] == [
        "What to look at first",
        "rna: the samples",
        "rna: what the filters left",
        "rna: noise and abundance",
        "rna: which samples are alike",
        "rna: what the differences between samples go with",
        "meth: the samples",
        "meth: distribution of the betas",
        "meth: what the filters left",
    ]
    names = [b.name for b in all_blocks(page) if hasattr(b, "name")]
    assert len(names) == len(set(names))


def test_names_of_assays_and_sets_that_run_into_each_other_stay_apart() -> None:
    def renamed(row: dict[str, Any], assay: str, a_set: str) -> dict[str, Any]:
        new = {"rna": assay, "one": a_set}
        return row | {k: new.get(row[k], row[k]) for k in ("assay", "sample_set") if k in row}

    tables = {
        name: [renamed(row, "rna", "cd4 one") for row in rows]
        + [renamed(row, "rna_cd4", "one") for row in rows if row["assay"] == "rna"]
        for name, rows in study().items()
        if name.startswith("qc_") and "assay" in rows[0]
    }
    names = [b.name for b in all_blocks(quality_page(_source(tables))) if hasattr(b, "name")]
    assert {"quality-map-rna--cd4-one", "quality-map-rna-cd4--one"} <= set(names)
    assert len(names) == len(set(names))


def test_libraries_are_bars_by_group_and_visit_with_a_gap_between_groups(page: Page) -> None:
    rows = _data(page, "quality-library-rna", "samples")
    assert [(r["sample"], r["place"]) for r in rows] == [
        ("id6", 1), ("id8", 2), ("id5", 3), ("id7", 4),
        ("id2", 7), ("id4", 8), ("id1", 9), ("id3", 10),
    ]  # fmt: skip
    assert {r["sample"]: r["value"] for r in rows} == LIBRARIES
    lines = _data(page, "quality-library-rna", "lines")
    assert [r["value"] for r in lines] == [45.0, 11.25]
    figure = _named(page, "quality-library-rna")
    assert "from 10 million (id8) to 70 million (id1), median 45 million" in figure.alt
    assert figure.caption.endswith("8 samples of 4 people.")


def test_a_left_out_sample_has_a_cross_and_its_reason(page: Page) -> None:
    rows = _data(page, "quality-missing-meth", "samples")
    assert [(r["sample"], r["use"]) for r in rows if r["left_out"]] == [
        ("id1", "sample_missing: Una failed")
    ]
    layers = _named(page, "quality-missing-meth").spec["layer"]
    assert "cross" in [layer["mark"].get("shape") for layer in layers]
    table = _named(page, "quality-samples-meth").rows.to_pylist()
    assert [r["sample"] for r in table][:2] == ["id1", "id2"]  # left out first, then most missing
    assert [r["missing_share"] for r in table][:2] == [0.07, 0.06]


def test_densities_are_quantiles_over_samples_and_an_empty_bin_is_zero(page: Page) -> None:
    rows = {
        (r["layer"], r["design_type"], r["beta"]): (r["low"], r["middle"], r["high"])
        for r in _data(page, "quality-betas-meth", "curves")
    }
    assert len(rows) == 2 * 2 * 2
    assert rows["As measured", "I", 0.25] == pytest.approx((1.3, 4.0, 6.7))
    # 0 3 4 5 6 7 8: the first sample has no beta there
    assert rows["After normalisation (bmiq)", "I", 0.75] == pytest.approx((0.9, 5.0, 7.7))
    assert rows["As measured", "II", 0.75] == pytest.approx((2.3, 5.0, 7.7))
    assert (
        "30 % do not overlap before BMIQ, 10 % after" in _named(page, "quality-betas-meth").caption
    )


def test_funnels_say_what_was_left(page: Page) -> None:
    probes = _data(page, "quality-filters-meth", "steps")
    assert [(r["step"], r["n_left"], r["n_before"], r["words"]) for r in probes] == [
        ("Measured", 100, 100, "100"),
        ("Not detected", 100, 100, "100 left (no annotation)"),
        ("Failed samples", 100, 100, "100 left, 7 samples kept"),
        ("In a mask", 80, 100, "80 left, 20 dropped"),
        ("On X or Y", 80, 80, "80 left (switched off)"),
    ]
    genes = _data(page, "quality-filters-rna", "steps")
    assert [(r["step"], r["n_left"], r["n_before"], r["limit"]) for r in genes] == [
        ("Measured", 5, 5, "none"), ("one", 5, 5, "no filter"), ("two", 3, 5, "filter_by_expr"),
    ]  # fmt: skip


def test_the_trend_counts_every_gene_once_and_keeps_both_ends(page: Page) -> None:
    rows = _data(page, "quality-trend-rna", "points")
    for analysis in ("one", "two"):
        own = [r for r in rows if r["analysis"] == analysis]
        cells = [r for r in own if r["kind"] == "cell"]
        assert sum(r["n"] for r in cells) == 5
        for i in range(5):
            assert any(
                c["x"] - 1e-9 <= i <= c["x2"] + 1e-9
                and c["y"] - 1e-9 <= 1 - i / 10 <= c["y2"] + 1e-9
                for c in cells
            )
        curve = [(r["x"], r["y"]) for r in own if r["kind"] == "curve"]
        assert (curve[0], curve[-1]) == ((0.0, 2.0), (4.0, pytest.approx(1.6)))
    assert "one: 8 samples of 4 people." in _named(page, "quality-trend-rna").caption


def test_a_thinned_curve_reaches_from_end_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trend, "CURVE_POINTS", 1)
    source = _source()
    page = _of(trend.trend_blocks(source, assays(source)[0]))
    rows = _data(page, "quality-trend-rna", "points")
    curve = [r["x"] for r in rows if r["kind"] == "curve" and r["analysis"] == "one"]
    assert curve == [0.0, 4.0]


def test_study_variable_says_what_samples_may_be_coloured_by_and_how() -> None:
    roles = [("study_group", False), ("timepoint", False), ("cell_type", False)]

    def named(**tables: Any) -> list[tuple[str, bool]]:
        return [(v.name, v.is_number) for v in variables.study_variables(_source(tables))]

    own = [("batch", False), ("plate", False), ("age", True)]
    assert named() == [*roles, ("visit_key", False), *own]
    given = [("age", 2, "factor", "factor"), ("batch", 1, "covariate", "number")]
    names = ("variable", "variable_order", "role", "kind")
    rows = [dict(zip(names, row, strict=True)) for row in given]  # whatever their types are
    own = [("batch", True), ("age", False)]
    assert named(study_variable=rows) == [*roles, ("visit_key", False), *own]
    # a warehouse that an earlier version built
    assert named(study_variable=None) == [*roles, ("visit_key", False)]


def test_a_choice_of_samples_and_in_it_one_of_colours(page: Page) -> None:
    sets = _named(page, "quality-sets-rna")
    assert [p.title for p in sets.panels] == ["All samples: 8", "Samples of one, two: 6"]
    colours = next(b for b in sets.panels[1].blocks if isinstance(b, Choice))
    assert [p.title for p in colours.panels] == ["group", "timepoint", "batch", "plate", "age"]
    names = {b.name: b.where for b in all_blocks(page) if isinstance(b, Figure)}
    assert names["quality-map-rna--one"] == "file"
    assert names["quality-map-rna--one--batch"] == "page"


def test_points_lie_where_the_tables_say(page: Page) -> None:
    rows = _data(page, "quality-map-rna--all-samples--age", "points")
    for r in rows:
        i = IDS.index(r["sample"])
        assert [r[f"pc{c}"] for c in (1, 2, 3, 4)] == [i, 2 * i, 3 * i, 4 * i]
        assert (r["mds1"], r["mds2"]) == (i - 1, i - 2)
    assert {r["sample"]: r["value"] for r in rows}["id4"] == 35.0
    spec = _named(page, "quality-map-rna--all-samples--age").spec
    assert [c["encoding"]["x"]["title"] for c in spec["concat"]] == [
        "Component 1, 50.0 % (log2 CPM)", "Component 3, 16.7 % (log2 CPM)",
        "Leading log2 fold change, dimension 1",
    ]  # fmt: skip
    # no MDS of this set
    assert len(_named(page, "quality-map-rna--one--age").spec["concat"]) == 2


def test_groups_keep_their_colours(page: Page) -> None:
    colour = _named(page, "quality-map-rna--one").spec["concat"][0]["encoding"]["color"]
    assert dict(zip(colour["scale"]["domain"], colour["scale"]["range"], strict=True)) == {
        HP: GROUP_COLOURS[0], MS: GROUP_COLOURS[1],
    }  # fmt: skip


def test_too_many_levels_are_told_when_pointed_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variables, "MOST_LEVELS", 7)
    source = _source()
    rna = assays(source)[0]
    blocks = map_blocks(source, rna, sample_sets(source, rna)[:1])
    figure = _named(_of(blocks), "quality-map-rna--all-samples--plate")
    encoding = figure.spec["concat"][0]["encoding"]
    assert "field" not in encoding["color"]
    assert {"field": "value", "title": "plate", "type": "nominal"} in encoding["tooltip"]
    assert "plate has 8 values" in figure.caption


def test_cells_of_the_components_are_sorted_by_the_strongest_and_say_p(page: Page) -> None:
    rows = _data(page, "quality-components-rna--all-samples", "cells")
    assert [(r["row"], r["variable"], r["component_words"], r["p_words"]) for r in rows] == [
        (1, "batch", "1 50.0%", "1e-9"), (1, "batch", "2 25.0%", "0.2"),
        (2, "group", "1 50.0%", "0.023"), (2, "group", "2 25.0%", "–"),
        (3, "age", "1 50.0%", "<1e-300"),
    ]  # fmt: skip
    table = _named(page, "quality-associations-rna--one")
    assert [r["strength"] for r in table.rows.to_pylist()] == [0.99, 0.95, 0.3]
    source = _source()
    assert source.table(table.query).num_rows == 3
    assert source.table(_named(page, "quality-samples-rna").query).num_rows == 8


def test_correlation_cells_are_a_triangle_in_the_order_of_the_samples(page: Page) -> None:
    cells = _data(page, "quality-correlation-rna", "cells")
    assert sum(c["x"] < c["y"] for c in cells) == len(cells) == 28
    names = {r["place"]: r["name"] for r in _data(page, "quality-correlation-rna", "samples")}
    assert names[6] == f"id1, {MS}, 2nd, CD4"
    assert {c["r"] for c in cells if 6 in (c["x"], c["y"])} == {0.5}
    assert {c["r"] for c in cells if 6 not in (c["x"], c["y"])} == {0.9}


def test_many_samples_are_points_with_the_median_of_their_cell_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alike, "MOST_SAMPLES", 7)
    source = _source()
    source.con.execute(
        "update shown_sample set cell_type = 'CD8' where sample_id in ('id1', 'id2')"
    )
    page = _of(correlation_blocks(source, assays(source)[0]))
    figure = _named(page, "quality-correlation-rna")
    rows = {r["sample"]: r["value"] for r in figure.data["samples"].to_pylist()}
    assert rows == {"id1": 0.5, "id2": 0.5, **dict.fromkeys(IDS[:6], 0.9)}
    assert vl_convert.vegalite_to_vega(standalone(figure))


def test_flags_are_named(page: Page) -> None:
    assert len(_warnings(page)) == 5  # age goes with group in all samples only
    said = "\n".join(_warnings(page))
    assert "rna: fewer than a quarter of the median reads in 1 sample: id8 (10 million)" in said
    assert "rna: 1 sample far less like the others" in said
    assert "id1 (median r 0.500)" in said
    assert "rna: batch goes with component 1, which holds 50 %" in said
    assert "rna: batch and group go together in the samples of one (Cramér's V 0.95" in said
    assert "meth: 1 sample left out: id1 (sample_missing: Una failed)" in said


def test_what_biology_explains_as_well_is_no_batch() -> None:
    covariates = study()["qc_pca_covariate"]
    as_well = [r | {"r_squared": 0.75} if r["variable"] == "study_group" else r for r in covariates]
    assert "goes with component" not in _flags(qc_pca_covariate=as_well)
    keyed = [r | {"visit_key": f"{r['batch']}|n"} for r in study()["dim_sample"]]
    assert "goes with component" not in _flags(dim_sample=keyed)


def _runs(one: dict[str, Any], two: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        r | {"parameters": json.dumps({"model": {"one": one, "two": two}[r["analysis"]]})}
        for r in study()["analysis_run"]
    ]


@pytest.mark.parametrize(
    "model",
    [
        {"covariates": ["age", "batch"]}, {"means": ["group", "batch"]}, {"block": "batch"},
        {"formula": "group + C(batch) + age"}, {"curve": {"of": "age", "by": "batch"}},
    ],
)  # fmt: skip
def test_what_every_analysis_accounts_for_is_no_caution(model: dict[str, Any]) -> None:
    other = {"formula": "group + batch2", "means": [], "curve": None}
    both = _flags(analysis_run=_runs(model, model))
    assert "goes with component" not in both
    assert "batch and group go together" not in both
    neither = _flags(analysis_run=_runs(other, other))
    assert "is not in the model of one, two. Add it to 'covariates', or take it out" in neither
    assert "take it out by 'combat_seq' in 'normalise'." in neither
    assert "batch and group go together in the samples of one" in neither
    first = _flags(analysis_run=_runs(model, other))
    assert "is not in the model of two. Add it" in first
    assert "batch and group go together in the samples of one" in first
    assert "far less like the others" in both


def test_an_analysis_of_one_batch_has_none_to_account_for() -> None:
    same = [r | {"batch": "A"} for r in study()["dim_sample"]]
    designs = [{"analysis": a, "sample_id": r["sample_id"]} for a in ("one", "two") for r in same]
    runs = _runs({"covariates": ["batch"]}, {"covariates": []})
    said = _flags(analysis_run=runs, dim_sample=same, design_matrix=designs)
    assert "goes with component" not in said


def test_without_an_analysis_a_batch_is_a_caution_for_those_to_come() -> None:
    said = _flags(analysis_run=None, qc_sample_set=None)
    assert "is not in the model of the analyses. Add it to 'covariates'" in said


def test_samples_whose_values_do_not_vary_have_no_correlation() -> None:
    pairs = [r | {"r": None} for r in study()["qc_sample_correlation"]]
    page = quality_page(_source({"qc_sample_correlation": pairs}))
    assert not [b for b in all_blocks(page) if getattr(b, "name", "") == "quality-correlation-rna"]
    texts = [b.words for b in all_blocks(page) if isinstance(b, Text)]
    assert any("No two samples of rna can be correlated" in words for words in texts)
    some = [r | {"r": None if "id1" in r.values() else 0.9} for r in pairs]
    page = quality_page(_source({"qc_sample_correlation": some}))
    assert len(_data(page, "quality-correlation-rna", "cells")) == 28


def test_a_sound_study_is_called_so() -> None:
    nothing = {k: None for k in study() if k not in ("qc_sample", "dim_sample")}
    even = [r | {"lib_size": 1e6, "filter_reason": None} for r in study()["qc_sample"]]
    page = quality_page(_source({**nothing, "qc_sample": even}))
    assert not _warnings(page)
    first = page.sections[0].blocks[0]
    assert isinstance(first, Text)
    assert "Nothing odd was found" in first.words


def test_pictures_are_drawn_and_html_in_values_stays_text(page: Page) -> None:
    drawn = set()
    for figure in (b for b in all_blocks(page) if isinstance(b, Figure)):
        kind = figure.name.split("-")[1]
        if kind not in drawn:
            drawn.add(kind)
            assert vl_convert.vegalite_to_vega(standalone(figure))
    assert drawn == {
        "library", "missing", "betas", "filters", "trend", "map", "correlation", "components",
    }  # fmt: skip
    text = assemble.html("small", [page])
    assert "<b>MS" not in text
    assert "\\u003cb\\u003eMS" in text


def test_a_pseudonymised_page_tells_of_no_one(tmp_path: Path) -> None:
    page = quality_page(_source(root=tmp_path, pseudonymised=True))
    text = assemble.html("small", [page]).split("<body>")[1].split('<script type="module">')[0]
    for name in [*IDS, "Una", "Ada", "Ida", "Eva", "person "]:
        assert f'"{name}' not in text
        assert f" {name} " not in text
    colours = next(b for b in all_blocks(page) if isinstance(b, Choice) and "colours" in b.name)
    assert [p.title for p in colours.panels] == ["group", "timepoint"]
    points = _named(page, "quality-map-rna--all-samples--study-group").data["points"]
    assert not {"sample", "subject", "visit_key", "value"} & set(points.column_names)
    assert "subject" not in _named(page, "quality-samples-rna").rows.column_names


@pytest.mark.parametrize("left", [(), ("qc_sample",), ("qc_sample", "qc_pca", "qc_sample_set")])
def test_what_is_not_there_is_left_out(left: tuple[str, ...]) -> None:
    nothing = {k: None for k in study() if k not in (*left, "dim_sample")}
    page = quality_page(_source(nothing))
    assert bool(page.sections) == bool(left)
    assert json.dumps([b.spec for b in all_blocks(page) if isinstance(b, Figure)])


def test_one_sample_in_a_study_breaks_nothing() -> None:
    tables = {
        name: [r for r in rows if r.get("sample_id", "id8") == "id8"]
        for name, rows in study().items()
        if name not in ("qc_sample_correlation", "qc_pca")
    }
    source = small_source(tables, SAMPLES[:1], detail=Detail.least())
    page = quality_page(source)
    assert _data(page, "quality-library-rna", "samples")[0]["place"] == 1
