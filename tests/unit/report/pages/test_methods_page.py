"""The page of methods: designs in words and as matrices, inputs, versions and deviations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import vl_convert

from cohortmart.core.text import Nouns
from cohortmart.report.blocks import Figure, Table, Text, all_blocks
from cohortmart.report.design_words import design_words
from cohortmart.report.figure_files import standalone
from cohortmart.report.pages.methods import methods_page
from cohortmart.report.pages.methods import page as methods
from cohortmart.report.pages.methods.deviations import deviations
from tests.support.report_methods_rows import PARAMETERS, SAMPLES, tables
from tests.support.report_source import small_source


def test_the_page_has_design_inputs_versions_and_deviations(tmp_path: Path) -> None:
    (tmp_path / "study.yml").write_text("study: small  # P1\n")
    page = methods_page(small_source(tables(), SAMPLES, tmp_path, analyses=["a"]))
    blocks = all_blocks(page)
    texts = [b.words for b in blocks if isinstance(b, Text)]
    assert "study: small  # P1\n" in texts
    assert "P1 has no PP." in texts
    assert "a: preset paper: x." in texts
    assert "Correlation of two samples of one person: 0.250." in texts
    found = {b.name: b for b in blocks if isinstance(b, Table)}
    assert found["methods-files"].rows.to_pylist()[0]["sha256"] == "abababab" * 2
    assert found["methods-files"].rows.num_rows == 1
    assert found["methods-versions"].rows.to_pylist() == [
        {"program": "cohortmart", "version": "9.9"}, {"program": "numpy", "version": "2"},
    ]  # fmt: skip
    assert found["methods-deviations"].rows.num_rows == 3
    figures = {b.name: b for b in blocks if isinstance(b, Figure)}
    assert list(figures) == ["methods-design-a", "methods-weights-a"]
    shades = figures["methods-design-a"].data["cells"].to_pylist()
    assert [r["shade"] for r in shades if r["coefficient"] == "age"] == [0.0, 0.5, 1.0]
    for figure in figures.values():
        assert "<svg" in vl_convert.vegalite_to_svg(standalone(figure))


def test_a_study_of_its_own_is_not_held_against_another(tmp_path: Path) -> None:
    rows = tables()
    rows["analysis_run"][0]["parameters"] = json.dumps(
        {**PARAMETERS, "rebound": {"preset": "default"}}
    )
    page = methods_page(small_source(rows, SAMPLES, tmp_path, analyses=["a"]))
    assert "methods-deviations" not in [getattr(b, "name", "") for b in all_blocks(page)]
    assert "Against the model study" not in [section.title for section in page.sections]


def test_where_derived_assays_come_from(tmp_path: Path) -> None:
    common = {"n_features": 70, "n_found": 50, "n_measures": 3, "file": "P1.csv"}
    options = {"solver": "constrained", "sum": "one", "transform": "none"}
    methods = {
        "a": ("cell_fractions", {}, "combat"),
        "b": ("cell_fractions", {"solver": "robust"}, "raw"),
        "c": ("linear_score", {"transform": "logistic"}, "derived"),
        "d": ("activity", {}, "raw"),
    }
    rows = [
        {"assay": a, "made_from": "x", "made_from_layer": layer, "method": method,
         "options": json.dumps(options | more), **common}
        for a, (method, more, layer) in methods.items()
    ]  # fmt: skip
    given = tables() | {"derived_assay": rows}
    for hidden in (False, True):
        source = small_source(given, SAMPLES, tmp_path, analyses=["a"], pseudonymised=hidden)
        found = {b.name: b for b in all_blocks(methods_page(source)) if isinstance(b, Table)}
        shown = found["methods-derived"].rows.to_pylist()
        assert [(r["source"], r["how"], r["n_features"], r["n_found"]) for r in shown] == [
            ("x, combat", "constrained least squares (Houseman et al. 2012), sum = 1", 70, 50),
            ("x, raw", "robust partial correlation (Teschendorff et al. 2017)", 70, 50),
            ("x", "weighted sum, transform logistic", 70, 50),
            ("x, raw", "univariate linear model (Badia-i-Mompel et al. 2022)", 70, 50),
        ]
        assert {r["file"] for r in shown} == {None if hidden else "P1.csv"}


def test_samples_of_a_design_stand_by_group_person_and_timepoint(tmp_path: Path) -> None:
    there = tables()
    fitted = {"S2": 1, "S3": 2, "S1": 3}  # rows of the matrix, in the order of no one
    there["design_matrix"] = [
        row | {"sample_order": fitted[row["sample_id"]]} for row in there["design_matrix"]
    ]
    source = small_source(there, SAMPLES, tmp_path, analyses=["a"])
    assert source.groups == ("MS", "HP")
    figure = next(b for b in all_blocks(methods_page(source)) if isinstance(b, Figure))
    assert figure.name == "methods-design-a"
    rows = [(r["row"], r["sample"]) for r in figure.data["cells"].to_pylist()]
    assert list(dict.fromkeys(rows)) == [(1, "S1"), (2, "S2"), (3, "S3")]


def test_a_wide_design_and_one_that_is_not_known_are_not_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn(given: dict[str, Any]) -> list[str]:
        made = methods_page(small_source(given, SAMPLES, tmp_path, analyses=["a"]))
        return [b.name for b in all_blocks(made) if isinstance(b, Figure)]

    monkeypatch.setattr(methods, "MOST_CELLS", 6)
    assert drawn(tables()) == ["methods-design-a", "methods-weights-a"]
    monkeypatch.setattr(methods, "MOST_CELLS", 5)  # three samples, two coefficients
    assert drawn(tables()) == ["methods-weights-a"]
    assert drawn({k: v for k, v in tables().items() if k != "design_matrix"}) == []


def test_nothing_of_a_person_leaves_the_house(tmp_path: Path) -> None:
    (tmp_path / "study.yml").write_text("study: small  # P1\n")
    source = small_source(tables(), SAMPLES, tmp_path, analyses=["a"], pseudonymised=True)
    blocks = all_blocks(methods_page(source))
    said = "\n".join(b.words for b in blocks if isinstance(b, Text))
    for block in blocks:
        if isinstance(block, Table):
            said += json.dumps(block.rows.to_pylist())
    assert "P1" not in said
    assert "--pseudonymise" in said
    assert "methods-design-a" not in [b.name for b in blocks if isinstance(b, Figure)]


def test_design_in_words() -> None:
    values, samples, model, people, tests = design_words(PARAMETERS, Nouns().subject)
    assert "in 2 rounds" in values
    assert "array weights" in values
    assert "filter_by_expr" in values
    assert samples == "Samples: cell_type = 'CD8' and subject_id <> 'P9'."
    assert "group and timepoint; adjusted for age" in model
    assert "one correlation for all features" in people
    assert "with a trend over the mean and robustly" in tests
    assert "beyond 0.5 log2 units" in tests


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"within": "subject"}, "has a level of its own"),
        ({"block": None}, "independent"),
        ({"correlation": "per_feature"}, "(mixed model, Satterthwaite)"),
        ({"correlation": "per_feature", "df": "kenward_roger"}, "(mixed model, Kenward-Roger)"),
        ({"formula": "~ 0 + group"}, "Model: ~ 0 + group"),
        ({"baseline": "MS.BP"}, "differences from MS.BP"),
        ({"curve": {"of": "week", "by": "group", "knots": [10, 20]}}, "knots at 10, 20"),
    ],
)
def test_models_in_words(changed: dict[str, Any], words: str) -> None:
    parameters = {**PARAMETERS, "model": {**PARAMETERS["model"], **changed}}
    assert any(words in line for line in design_words(parameters, Nouns().subject))


def test_the_prior_that_was_used_is_named() -> None:
    def tests(**moderation: Any) -> str:
        return design_words({**PARAMETERS, "moderation": moderation}, Nouns().subject)[-1]

    assert "towards each other (prior by maximum likelihood); standard" in tests(prior="likelihood")
    assert "robustly (prior from moments)" in tests(robust=True, prior="moments")

    def about(prior: str) -> list[str]:
        given = {**PARAMETERS, "moderation": {"prior": prior}}
        return [row["about"] for row in deviations("a", given, Nouns())]

    assert "Prior of the variances" in about("likelihood")
    assert "Prior of the variances" not in about("moments")


def test_voom_in_words() -> None:
    def values(**voom: Any) -> str:
        return design_words({**PARAMETERS, "voom": voom}, Nouns().subject)[0]

    assert "adaptive span" in values(span="adaptive")
    assert "with a span of 0.4" in values(rounds=2, span=0.4)
    assert "span" not in values(rounds=2, span=0.5)


def test_the_papers_own_choices_are_no_deviations() -> None:
    own = {
        "values": "log_cpm", "contrast_errors": "limma", "thresholds": {"p": 0.05},
        "rebound": {"preset": "paper"}, "modules": {"mode": "paper"},
    }  # fmt: skip
    assert deviations("a", own, Nouns()) == []
    assert [r["about"] for r in deviations("a", {**own, "values": "m_value"}, Nouns())] == [
        "Delta beta"
    ]
