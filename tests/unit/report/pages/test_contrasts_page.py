"""The page of contrasts: squares, points and tables against counts made another way."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vl_convert

from cohortmart.core.study.kinds import KINDS
from cohortmart.report import assemble
from cohortmart.report.blocks import Choice, Figure, Page, Table, Text, all_blocks
from cohortmart.report.figure_files import standalone
from cohortmart.report.pages.contrasts import clouds, contrasts_page
from cohortmart.report.pages.contrasts.scan import POINTS, choose_contrasts, scan
from cohortmart.report.pages.contrasts.sql import P_BARS, SMALL_PICTURES
from cohortmart.report.source import Detail
from cohortmart.report.thresholds import threshold_words
from tests.support import report_contrasts_rows as made


@pytest.fixture(scope="module")
def given() -> dict[str, Any]:
    return made.tables()


@pytest.fixture(scope="module")
def page(given: dict[str, Any]) -> Page:
    return contrasts_page(made.source(given))


@pytest.fixture(scope="module")
def squares_page(given: dict[str, Any]) -> Page:
    """The page of a study with too many features for dots."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clouds, "MOST_DOTS", 100)
        return contrasts_page(made.source(given))


def _named(page: Page, name: str) -> Any:
    return next(b for b in all_blocks(page) if getattr(b, "name", "") == name)


def _features(given: dict[str, Any], analysis: str, contrast: str) -> dict[str, np.ndarray]:
    rows = [
        r
        for r in given["fct_contrast_result"]
        if (r["analysis"], r["contrast"]) == (analysis, contrast)
    ]
    return {k: np.array([r[k] for r in rows]) for k in ("log_fc", "p_value", "ave_expr")}


def _height(p: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.minimum(-np.log10(p), 320.0)


def _squares(figure: Figure) -> Counter[tuple[int, int]]:
    found: Counter[tuple[int, int]] = Counter()
    for name in ("squares", "found"):
        for r in figure.data[name].to_pylist():
            found[r["i"], r["j"]] += r["n"]
    return found


def test_squares_count_every_feature_where_it_lies(squares_page: Page, given: dict[str, Any]):
    seen = _features(given, "rna", "x")
    for name, x, y in (
        ("volcano", seen["log_fc"], _height(seen["p_value"])),
        ("mean-difference", seen["ave_expr"], seen["log_fc"]),
    ):
        figure = _named(squares_page, f"contrasts-{name}-rna-1")
        (frame,) = figure.data["frame"].to_pylist()
        i = np.floor(x / frame["x_width"]).astype(int).tolist()
        j = np.floor(y / frame["y_width"]).astype(int).tolist()
        assert _squares(figure) == Counter(zip(i, j, strict=True))
        assert frame["x_low"] < x.min() < x.max() < frame["x_high"]
        assert frame["y_low"] <= y.min() < y.max() < frame["y_high"]


def test_a_few_extreme_features_do_not_swallow_the_rest(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clouds, "MOST_DOTS", 4000)
    contrasts, features = [made.contrast("rna", "x", 1)], made.results("rna", "x", 4200, 5)
    given = made.tables() | {"dim_contrast": contrasts, "fct_contrast_result": features}
    given["contrast_summary"] = made.summary(contrasts, features)
    squares = _squares(_named(contrasts_page(made.source(given)), "contrasts-volcano-rna-1"))
    assert min(len({i for i, _ in squares}), len({j for _, j in squares})) > 15


def test_histogram_counts_p_values_and_its_line_is_their_mean(page: Page, given: dict[str, Any]):
    figure = _named(page, "contrasts-p-meth-1")
    p = _features(given, "meth", "x")["p_value"]
    counts = np.histogram(p, bins=P_BARS, range=(0, 1))[0]
    bars = {r["bar"]: r["n"] for r in figure.data["bars"].to_pylist()}
    assert bars == {i: n for i, n in enumerate(counts.tolist()) if n}
    assert figure.data["flat"]["value"].to_pylist() == [300 / P_BARS]


def test_without_thresholds_every_feature_counts():
    none = dict.fromkeys(("p", "adj_p", "delta_beta", "log_fc"))
    source = made.source(made.tables(none))
    choose_contrasts(source)
    drawn = scan(source, "rna", KINDS["counts"])
    assert threshold_words(drawn.contrasts[0]) == "every feature counts"
    squares = drawn.squares_of("volcano", 1).to_pylist()
    assert {square["direction"] for square in squares} == {"up", "down"}


@pytest.mark.parametrize(
    "thresholds",
    [
        {"p": 0.05, "adj_p": None, "delta_beta": None, "log_fc": None},
        {"p": None, "adj_p": 0.05, "delta_beta": None, "log_fc": 0.3},
        {"p": 0.01, "adj_p": 0.2, "delta_beta": 0.05, "log_fc": None},
    ],
)
def test_found_is_what_the_warehouse_calls_found(thresholds: dict[str, float | None]):
    source = made.source(made.tables(thresholds))
    choose_contrasts(source)
    for analysis, kind in (("rna", "counts"), ("meth", "beta")):
        seen = scan(source, analysis, KINDS[kind])
        for row in seen.contrasts:
            for picture in ("volcano", "mean-difference", "small-volcano"):
                n: Counter[str] = Counter()
                for square in seen.squares_of(picture, row["place"]).to_pylist():
                    n[square["direction"]] += square["n"]
                assert (n["up"], n["down"]) == (row["n_up"], row["n_down"])
                assert n.total() == row["n_tested"]


def test_the_line_of_adjusted_p_lies_at_the_largest_p_that_passes(
    page: Page, given: dict[str, Any]
):
    rows = [r for r in given["fct_contrast_result"] if r["analysis"] == "meth"]
    largest = max(r["p_value"] for r in rows if r["adj_p_value"] < 0.05)
    lines = _named(page, "contrasts-volcano-meth-1").data["lines"].to_pylist()
    assert [r["y"] for r in lines] == [pytest.approx(-np.log10(largest))]


def test_there_is_no_line_where_no_adjusted_p_passes():
    none = {"p": 0.05, "adj_p": 0.0, "delta_beta": None, "log_fc": None}
    source = made.source(made.tables(none))
    choose_contrasts(source)
    assert {r["p_line"] for r in scan(source, "meth", KINDS["beta"]).contrasts} == {None}


def test_no_p_value_is_too_small_to_draw_and_ties_go_by_t(squares_page: Page):
    points = _named(squares_page, "contrasts-volcano-rna-1").data["points"].to_pylist()
    assert [(p["name"], p["y"], p["direction"]) for p in points[:2]] == [
        ("g1", 320.0, "down"),
        ("GENE0 (g0)", 320.0, "up"),
    ]
    assert len(points) == POINTS


def test_top_features_are_those_of_the_query_beside_them(given: dict[str, Any]):
    source = made.source(given, detail=Detail(top_features=7))
    page = contrasts_page(source)
    for name in ("contrasts-top-rna-1", "contrasts-top-rna-2", "contrasts-top-meth-1"):
        table = _named(page, name)
        whole = source.rows(table.query)
        shown = table.rows.to_pylist()
        assert len(shown) == 7
        assert [r["p_value"] for r in shown] == [r["p_value"] for r in whole[:7]]
        assert {r["feature_id"] for r in shown} == {r["feature_id"] for r in whole[:7]}
    (cg1,) = [r for r in _named(page, "contrasts-top-meth-1").rows.to_pylist()
              if r["feature_id"] == "cg1"]  # fmt: skip
    assert cg1["genes"] == "A, B, C, …"
    labels = [c.label for c in _named(page, "contrasts-top-meth-1").columns]
    assert {"Delta beta", "Change (M-value)"} <= set(labels)


def test_all_contrasts_stand_in_the_table_and_those_tested_in_the_choice(page: Page):
    table = _named(page, "contrasts-all-rna").rows.to_pylist()
    assert [r["contrast"] for r in table] == list(made.RNA)
    assert table[2]["n_tested"] == 0
    assert [p.title for p in _named(page, "contrasts-pick-rna").panels] == [
        "change 1 (x): 39 found",
        "change 2 (<b>it's</b>): 4 found",
    ]
    assert "adjusted P < 0.05" in _named(page, "contrasts-all-rna").caption


def test_pictures_of_a_kind_share_one_spec_and_every_kind_compiles(page: Page):
    figures = [b for b in all_blocks(page) if isinstance(b, Figure)]
    kinds: dict[str, list[Figure]] = {}
    for figure in figures:
        kinds.setdefault(figure.name.split("-rna")[0], []).append(figure)
    assert len({f.name for f in figures}) == len(figures)
    for name, alike in kinds.items():
        if "meth" in name:
            continue
        if alike[0].where != "file":
            assert all(f.spec == alike[0].spec for f in alike)
        vl_convert.vegalite_to_vega(standalone(alike[0]))
    assert {n for n in kinds if "meth" not in n} == {
        "contrasts-volcano", "contrasts-mean-difference", "contrasts-p",
        "contrasts-volcanoes", "contrasts-p-values",
    }  # fmt: skip


def test_samples_and_people_end_every_caption_and_names_stay_text(
    page: Page, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(assemble, "vega_bundle", str)
    figures = [b for b in all_blocks(page) if isinstance(b, Figure)]
    assert all(f.caption.endswith("8 samples of 4 people.") for f in figures)
    text = assemble.html("small", [page])
    assert "<b>it" not in text
    assert "&lt;b&gt;it" in text


def test_small_pictures_hold_all_features_within_their_frames(page: Page):
    figure = _named(page, "contrasts-volcanoes-rna")
    layers = figure.spec["spec"]["layer"]
    x_low, x_high = layers[0]["encoding"]["x"]["scale"]["domain"]
    parts = [r for r in figure.data["parts"].to_pylist() if r["kind"] in ("square", "found")]
    assert sum(r["n"] for r in parts) == 412
    assert all(r["x"] >= x_low - 1e-9 and r["x2"] <= x_high + 1e-9 for r in parts)
    counts = [r for r in figure.data["parts"].to_pylist() if r["kind"] == "count"]
    assert len(counts) == 4


def test_only_the_first_contrasts_are_drawn_where_there_are_too_many():
    many = [made.contrast("rna", f"c{i:02d}", 40 - i) for i in range(33)]
    features = [f for c in many for f in made.results("rna", c["contrast"], 5, 1)]
    given = made.tables() | {
        "dim_contrast": [*many, made.contrast("meth", "x", 1)],
        "fct_contrast_result": features + made.results("meth", "x", 5, 2, is_beta=True),
    }
    given["contrast_summary"] = made.summary(given["dim_contrast"], given["fct_contrast_result"])
    page = contrasts_page(made.source(given, detail=Detail(contrasts=4)))
    picks = [b for b in all_blocks(page) if isinstance(b, Choice)]
    # the rarer analysis keeps its only contrast
    assert [len(c.panels) for c in picks] == [2, 3, 1]
    assert picks[1].panels[0].title.startswith("change 8 (c32): ")
    said = [b.words for b in all_blocks(page) if isinstance(b, Text)]
    assert any(
        w.startswith("The first 3 contrasts have pictures here; of the other 30") for w in said
    )
    small = _named(page, "contrasts-p-values-rna")
    assert len(set(small.data["bars"]["contrast"].to_pylist())) == SMALL_PICTURES
    assert "The first 30 of 33 contrasts" in small.caption


def test_tables_of_checks_joint_tests_and_other_models(given: dict[str, Any]):
    joint = [
        {"test": "time", "feature_id": f"g{i}", "f": 9.0 - i, "df1": 2.0, "df2": 9.0,
         "p_value": 0.01 * (i + 1), "adj_p_value": 0.03 * (i + 1), "analysis": "rna"}
        for i in range(8)
    ]  # fmt: skip
    other = [
        {"analysis": "rna", "contrast": "x", "feature_id": f, "is_found": True, "n_variants": 4,
         "n_holds": holds, "share_holds": holds / 4, "share_same_sign": 1.0, "p_value": 0.01}
        for f, holds in (("g0", 4), ("g1", 1))
    ]  # fmt: skip
    check = {"analysis": "rna", "contrast": "x", "n_found": 90, "n_expected": 20.5, "p_value": 0.02}
    design = [{"analysis": "rna", "sample_id": s, "coefficient": c}
              for s in ("w1_1st", "w1_3rd", "w2_1st") for c in "ab"]  # fmt: skip
    source = made.source(
        given | {"fct_joint_test": joint, "sensitivity_summary": other,
                 "permutation_check": [check], "design_matrix": design}
    )  # fmt: skip
    page = contrasts_page(source)
    first = _named(page, "contrasts-all-rna")
    assert "p_permutation" in [c.name for c in first.columns]
    assert [r["n_expected"] for r in first.rows.to_pylist()] == [20.5, None, None]
    assert "p_permutation" not in [c.name for c in _named(page, "contrasts-all-meth").columns]
    (test,) = _named(page, "contrasts-joint-rna").rows.to_pylist()
    assert (test["n_tested"], test["n_p_05"], test["n_adj_p_05"]) == (8, 4, 1)
    assert test["strongest"] == "GENE0, g1, GENE2, g3, GENE4"
    (models,) = _named(page, "contrasts-other-models-rna").rows.to_pylist()
    assert (models["n_features"], models["n_all_hold"], models["share_holds"]) == (2, 1, 0.625)
    for table in (b for b in all_blocks(page) if isinstance(b, Table)):
        assert source.table(table.query).num_rows >= table.rows.num_rows
    said = next(b.words for b in all_blocks(page) if isinstance(b, Text))
    assert said.endswith("from one fit to 3 samples of 2 people.")


def test_nothing_to_show_and_no_mean_levels(given: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clouds, "MOST_DOTS", 100)
    assert contrasts_page(made.source({})).sections == ()
    empty = given | {"contrast_summary": []}
    with_none = {k: v for k, v in empty.items() if k != "contrast_summary"}
    assert contrasts_page(made.source(with_none)).sections == ()
    flat = [r | {"ave_expr": None, "log_fc": 0.0, "p_value": 1.0, "adj_p_value": 1.0}
            for r in given["fct_contrast_result"]]  # fmt: skip
    page = contrasts_page(
        made.source(
            given | {"fct_contrast_result": flat,
                     "contrast_summary": made.summary(given["dim_contrast"], flat)}
        )
    )  # fmt: skip
    names = {b.name for b in all_blocks(page) if isinstance(b, Figure)}
    assert "contrasts-volcano-rna-1" in names
    assert not any("mean-difference" in name for name in names)
    assert _named(page, "contrasts-volcano-rna-1").data["found"]["share"].to_pylist() == [0.0]
    bars = _named(page, "contrasts-p-rna-1").data["bars"].to_pylist()
    assert bars == [{"bar": P_BARS - 1, "n": 400}], "P = 1 belongs to the last bar"


def test_one_feature_alone_is_drawn(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clouds, "MOST_DOTS", 0)
    contrasts = [made.contrast("rna", "x", 1, n_samples=1, n_subjects=1)]
    features = made.results("rna", "x", 2, 1)[:1]
    tables = made.tables() | {"dim_contrast": contrasts, "fct_contrast_result": features}
    page = contrasts_page(
        made.source(tables | {"contrast_summary": made.summary(contrasts, features)})
    )
    for what in ("volcano", "mean-difference"):
        figure = _named(page, f"contrasts-{what}-rna-1")
        assert _squares(figure).total() == 1
        vl_convert.vegalite_to_svg(standalone(figure))
    assert figure.caption.endswith("1 sample of 1 person.")


def test_levels_that_are_all_the_same_up_to_rounding_are_drawn():
    contrasts = [made.contrast("rna", "x", 1)]
    features = [
        r | {"ave_expr": 14.2877 + k * 2e-15, "log_fc": (-1) ** k * 1e-15, "p_value": 1.0,
             "adj_p_value": 1.0}
        for k, r in enumerate(made.results("rna", "x", 40, 1))
    ]  # fmt: skip
    tables = made.tables() | {"dim_contrast": contrasts, "fct_contrast_result": features}
    page = contrasts_page(
        made.source(tables | {"contrast_summary": made.summary(contrasts, features)})
    )
    pictures = [vl_convert.vegalite_to_svg(standalone(_named(page, f"contrasts-{what}")))
                for what in ("volcanoes-rna", "mean-difference-rna-1")]  # fmt: skip
    pictures.append(_named(page, "contrasts-mean-difference-rna-1").drawing(337))
    for svg in pictures:
        size = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
        assert size is not None
        assert max(map(float, size.groups())) < 2000
        assert "NaN" not in svg


def test_a_report_that_leaves_the_house_names_no_person_and_draws_none_alone(
    given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(assemble, "vega_bundle", str)
    contrasts = [
        made.contrast("rna", "w1 against w2", 1),
        made.contrast("rna", "x", 2, n_subjects=1, meaning="change in w1"),
    ]
    features = [
        *made.results("rna", "x", 9, 1),
        *made.results("rna", "w1 against w2", 9, 2),
    ]
    tables = given | {
        "dim_contrast": contrasts,
        "fct_contrast_result": features,
        "contrast_summary": made.summary(contrasts, features),
    }
    page = contrasts_page(made.source(tables, tmp_path, pseudonymised=True))
    assert len(_named(page, "contrasts-pick-rna").panels) == 1
    assert _named(page, "contrasts-top-rna-1").query == ""
    text = assemble.html("small", [page])
    assert not any(f"w{i}" in text.split('<script type="module">')[0] for i in (1, 2, 3, 4))
    assert _named(page, "contrasts-all-rna").rows.num_rows == 2
