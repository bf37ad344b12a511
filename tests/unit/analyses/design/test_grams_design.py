"""The design of the model study, on its real sample sheet."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analyses.design.contrasts import build_contrasts
from analyses.design.model_matrix import Design, build_design
from analyses.design.subject_pairs import describe_contrast
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study

MEANS = ("group", "timepoint")
COVARIATES = ("proportion_memory", "cell_viability", "age")
LOGCPM = {f"MSvsHP_{t}": f"MS.{t} - HP.{t}" for t in ("1st", "2nd", "3rd", "PP")}
CHANGES = {
    "HP_3rd-1st": "HP.3rd - HP.1st",
    "MS_1st-BP": "MS.1st - MS.BP",
    "MSvsHP_3rd-1st": "(MS.3rd - MS.1st) - (HP.3rd - HP.1st)",
}


def build(samples: pl.DataFrame, study: Study, **model: object) -> Design:
    return build_design(samples, Model.model_validate(model), study, "analysis x")


def test_same_columns_as_r(real_samples: pl.DataFrame, study: Study, shared_data: Path) -> None:
    meta = json.loads((shared_data / "grams_cd8_rna" / "expected" / "meta.json").read_text())
    models: dict[str, dict[str, object]] = {
        "logcpm": {"means": MEANS},
        "voom": {"means": MEANS, "covariates": COVARIATES},
        "study": {"means": MEANS, "covariates": COVARIATES, "baseline": "MS.BP"},
    }
    for name, model in models.items():
        design = build(real_samples, study, **model, block="subject")
        assert set(design.columns) == set(meta[name]["design_columns"])
        assert len(design.columns) == len(meta[name]["design_columns"])
        assert design.matrix.shape[0] == 60
        assert design.rank == len(design.columns)
        assert design.notes[0].startswith("no sample is HP.BP among the 60 chosen")


def test_contrasts_equal_vectors_by_hand(real_samples: pl.DataFrame, study: Study) -> None:
    model = Model(means=MEANS, covariates=COVARIATES)
    design = build_design(real_samples, model, study, "analysis voom")
    assert design.columns == (
        "HP.1st", "HP.2nd", "HP.3rd", "HP.PP",
        "MS.BP", "MS.1st", "MS.2nd", "MS.3rd", "MS.PP", *COVARIATES,
    )  # fmt: skip
    made = build_contrasts(design, {**LOGCPM, **CHANGES}, model, study)
    expected = [
        [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
        [0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
        [0, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0],
        [0, 0, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0],
        [-1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, -1, 1, 0, 0, 0, 0, 0, 0],
        [1, 0, -1, 0, 0, -1, 0, 1, 0, 0, 0, 0],
    ]
    np.testing.assert_array_equal(made.matrix.T, expected)


def test_reserved_keys_give_the_study_contrasts(real_samples: pl.DataFrame, study: Study) -> None:
    model = Model(means=MEANS)
    design = build_design(real_samples, model, study, "x")
    made = build_contrasts(
        design,
        {"time_within_group": "all", "group_within_time": "all", "interaction": "all"},
        model,
        study,
    )
    # 4 visits of HP, 5 of MS; 4 shared
    assert len(made.names) == 6 + 10 + 4 + 6
    assert {"HP_PP-3rd", "MS_1st-BP", *LOGCPM, *CHANGES} <= set(made.names)


@pytest.mark.parametrize("covariates", [COVARIATES, (*COVARIATES, "library_batch")])
def test_three_ways_to_write_a_model_agree(
    real_samples: pl.DataFrame, study: Study, covariates: tuple[str, ...]
) -> None:
    expressions = {**LOGCPM, **CHANGES}
    turned = {k: re.sub(r"(\w+)\.(\w+)", r"\2.\1", v) for k, v in expressions.items()}
    named = _by_batch if "library_batch" in covariates else "group[{0}]:timepoint[{1}]".format
    in_formula = {
        k: re.sub(r"(\w+)\.(\w+)", lambda m: named(*m.groups()), v) for k, v in expressions.items()
    }
    formula = " + ".join(["0", "group:timepoint", *covariates])
    means = {"means": MEANS, "covariates": covariates}
    ways: list[tuple[dict[str, object], dict[str, str]]] = [
        ({**means}, expressions),
        ({**means, "means": MEANS[::-1]}, turned),
        ({**means, "baseline": "MS.BP"}, expressions),
        ({**means, "baseline": "HP.3rd"}, expressions),
        ({"formula": formula}, in_formula),
    ]
    y = np.random.default_rng(7).normal(size=(60, 20))
    fitted, estimates = [], []
    for settings, contrasts in ways:
        model = Model.model_validate(settings)
        design = build_design(real_samples, model, study, "x")
        b = np.linalg.lstsq(design.matrix, y, rcond=None)[0]
        fitted.append(design.matrix @ b)
        estimates.append(build_contrasts(design, contrasts, model, study).matrix.T @ b)
    for f, e in zip(fitted[1:], estimates[1:], strict=True):
        np.testing.assert_allclose(f, fitted[0], atol=1e-10)
        np.testing.assert_allclose(e, estimates[0], atol=1e-10)


def _by_batch(group: str, timepoint: str) -> str:
    """Write a mean as in `0 + group:timepoint + batch`, where R, too, codes the batch first."""
    time = "" if timepoint == "BP" else f"timepoint[T.{timepoint}]"
    extra = f"group[T.MS]:timepoint[{timepoint}]" if group == "MS" else ""
    return f"({' + '.join(part for part in (time, extra) if part)})"


def test_treatment_formula_agrees(real_samples: pl.DataFrame, study: Study) -> None:
    # HP.BP has no sample, so this form has one column too many; what both can tell agrees
    model = Model(formula="group*timepoint")
    design = build_design(real_samples, model, study, "x")
    assert design.rank == 9
    assert len(design.columns) == 10
    made = build_contrasts(
        design,
        {
            "MSvsHP_3rd": "group[T.MS] + group[T.MS]:timepoint[T.3rd]",
            "MSvsHP_3rd-1st": "group[T.MS]:timepoint[T.3rd] - group[T.MS]:timepoint[T.1st]",
        },
        model,
        study,
    )
    means = Model(means=MEANS)
    plain = build_design(real_samples, means, study, "x")
    same = build_contrasts(plain, {**LOGCPM, **CHANGES}, means, study)
    y = np.random.default_rng(8).normal(size=60)
    b, c = (np.linalg.lstsq(d.matrix, y, rcond=None)[0] for d in (design, plain))
    columns = [same.names.index(n) for n in made.names]
    np.testing.assert_allclose(made.matrix.T @ b, same.matrix[:, columns].T @ c, atol=1e-10)


def test_people_of_the_contrasts(real_samples: pl.DataFrame, study: Study) -> None:
    model = Model(means=MEANS)
    design = build_design(real_samples, model, study, "x")
    made = build_contrasts(design, {**LOGCPM, **CHANGES}, model, study)
    by_cell = {
        key: set(rows["subject_id"])
        for key, rows in real_samples.group_by("study_group", "timepoint")
    }
    pairs = dict(
        zip(
            made.names,
            (describe_contrast(design, c, real_samples) for c in made.matrix.T),
            strict=True,
        )
    )
    hp = pairs["HP_3rd-1st"]
    assert hp.kind == "within"
    assert hp.n_samples == 10
    assert hp.n_complete == len(by_cell["HP", "1st"] & by_cell["HP", "3rd"])
    assert pairs["MSvsHP_3rd"].kind == "between"
    assert pairs["MSvsHP_3rd"].n_samples == 12
    assert pairs["MSvsHP_3rd-1st"].kind == "mixed"
    ms = len(by_cell["MS", "1st"] & by_cell["MS", "3rd"])
    assert pairs["MSvsHP_3rd-1st"].n_complete == hp.n_complete + ms
