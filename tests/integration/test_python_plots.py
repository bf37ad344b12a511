"""Plots of `cohortmart.open`: the report's figures for what is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import vl_convert

import cohortmart


@pytest.fixture(scope="module")
def study(demo_run: Path) -> Iterator[cohortmart.Study]:
    with cohortmart.open(demo_run) as study:
        yield study


PLOTS: dict[str, Callable[[cohortmart.Study], cohortmart.Chart]] = {
    "course": lambda s: s.plot.course("SYN470", "SYN2037", analysis="rna_cd8"),
    "course of a CpG": lambda s: s.plot.course("cg90003805"),
    "course of a protein": lambda s: s.plot.course("SYNP1"),
    "volcano": lambda s: s.plot.volcano("rna_cd8", "MS_3rd-1st"),
    "mean difference": lambda s: s.plot.mean_difference("proteins_cd8", "MS_3rd-1st"),
    "P values": lambda s: s.plot.p_values("methylation_cd8", "MS_3rd-1st"),
    "heat map": lambda s: s.plot.heat_map("rna_cd8", "MS_3rd-1st"),
    "rebound": lambda s: s.plot.rebound("rna_cd8"),
    "sample map": lambda s: s.plot.sample_map("rna"),
    "sample map by variable": lambda s: s.plot.sample_map("rna", "cell_type", "rna_cd8_weeks"),
    "by name": lambda s: s.plot.figure("rebound-courses-rna-cd8"),
}


@pytest.mark.parametrize("name", [n for n in PLOTS if n != "sample map by variable"])
def test_a_notebook_can_show_it(study: cohortmart.Study, tmp_path: Path, name: str) -> None:
    chart = PLOTS[name](study)
    bundle = chart._repr_mimebundle_()
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert chart.title in bundle["text/plain"]
    spec = bundle["application/vnd.vegalite.v5+json"]
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    assert set(spec["datasets"]) == set(chart.data)
    assert {n: len(rows) for n, rows in spec["datasets"].items()} == {
        n: frame.height for n, frame in chart.data.items()
    }
    assert "<path" in vl_convert.vegalite_to_svg(spec, vl_version="5.20")
    assert set(chart._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert chart.save(tmp_path / "plot.svg").read_text("utf-8") == chart.svg()
    assert chart.save(tmp_path / "plot.PNG").read_bytes() == chart.png()
    assert len(list(tmp_path.iterdir())) == 2


def test_the_course_is_that_of_the_values(study: cohortmart.Study) -> None:
    chart = study.plot.course("SYN470", analysis="rna_cd8")
    drawn = chart.data["courses"].filter(pl.col("kind") == "person")
    where = "cell_type = 'CD8' and study_group <> 'HC'"
    matrix = study.matrix("rna", "log2_cpm", where, ["SYN470"])
    assert sorted(drawn["value"].to_list()) == sorted(matrix.values[0].tolist())
    assert set(drawn["feature"]) == {"SYN470, ENSG90000000470"}


def test_the_volcano_has_every_feature_once(study: cohortmart.Study) -> None:
    points = study.plot.volcano("rna_cd8", "MS_3rd-1st").data["features"]
    rows = study.contrast("rna_cd8", "MS_3rd-1st").pl().with_columns(
        pl.format("{} ({})", "feature_name", "feature_id").alias("name"),
        pl.when("is_found").then(pl.when(pl.col("log_fc") > 0).then(pl.lit("up"))
                                 .otherwise(pl.lit("down")))
        .otherwise(pl.lit("neither")).alias("direction"),
    )  # fmt: skip
    both = points.join(rows, on="name", suffix="_asked")
    assert both.height == points.height == rows.height == 3000
    assert both["direction"].to_list() == both["direction_asked"].to_list()
    np.testing.assert_allclose(both["x"], both["log_fc"], rtol=0.006)  # three digits
    np.testing.assert_allclose(both["y"], -np.log10(both["p_value"].to_numpy()), atol=0.003)


def test_names_of_the_study_choose_the_figure(study: cohortmart.Study) -> None:
    assert "MS_PP-3rd in rna_cd4" in study.plot.volcano("rna_cd4", "MS_PP-3rd").title
    assert study.plot.sample_map("proteins").title.endswith(": proteins")
    by_batch = study.plot.sample_map("rna", "library_batch", "rna_cd8")
    assert "library_batch by colour" in by_batch.title
    assert by_batch.data["points"].height == 68


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda p: p.course("SYYN470"), "did you mean `SYN470`"),
        (lambda p: p.course(), "no feature is named"),
        (lambda p: p.course("SYN470", analysis="rna_cd9"), "did you mean `rna_cd4`"),
        (lambda p: p.volcano("rna_cd8", "MS_3rd"), "did you mean `MS_3rd-"),
        (lambda p: p.rebound("rna_cd8_weeks"), "asks for no rebound"),
        (lambda p: p.rebound("rna_cd8", "3rd-1st"), "did you mean `3rd-1st/PP-3rd`"),
        (lambda p: p.sample_map("rna", "celltype"), "did you mean `cell_type`"),
        (lambda p: p.sample_map("rna", None, "rna_cd"), "did you mean `rna_cd"),
        (lambda p: p.sample_map("rnas"), "did you mean `rna`"),
        (lambda p: p.figure("rebound-course-rna-cd8"), "did you mean `rebound-courses-rna-cd8`"),
    ],
)
def test_what_is_not_there_is_said(
    study: cohortmart.Study, ask: Callable[[object], object], said: str
) -> None:
    with pytest.raises(cohortmart.InputError) as caught:
        ask(study.plot)
    assert said in str(caught.value)


def test_a_page_needs_no_network_and_other_ends_are_refused(
    study: cohortmart.Study, tmp_path: Path
) -> None:
    chart = study.plot.p_values("rna_cd8", "MS_3rd-1st")
    page = chart.save(tmp_path / "plot.html").read_text("utf-8")
    assert not re.search(r"<script[^>]* src=", page)
    with pytest.raises(cohortmart.InputError, match=r"\.svg, \.png or \.html"):
        chart.save(tmp_path / "plot.pdf")
    assert [p.name for p in tmp_path.iterdir()] == ["plot.html"]
