"""Variance partition of an analysis: rows, variables that take part, refusals, inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from analyses.fit.prepare import Preparation
from analyses.fit.response import SampleWeightedValues
from analyses.stats.linear.basis import design_basis
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.mixed.variance_partition import (
    partition_matrices,
    subject_share,
    variance_partition,
)
from analyses.variance.tables import VARIANCE, variance_tables
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Study
from cohortmart.core.warehouse.home import Home
from tests.support.sensitivity_study import (
    FAKE,
    GENES,
    TRUE,
    InBlocks,
    samples,
    study,
    values,
    warehouse,
)

MODEL = {"means": ["group", "timepoint"], "block": "subject"}


def run(
    monkeypatch: pytest.MonkeyPatch, of: Study, given: Any = None
) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """Return both tables, the second one a column a variable, and what was said."""
    rows = samples()
    con = warehouse(monkeypatch, rows, InBlocks(values(rows)) if given is None else given)
    said: list[str] = []
    made = variance_tables(Preparation(con, of, "main"), said.append)
    features, parts = (
        pl.concat([pl.from_arrow(piece) for piece in made[name]]) for name in VARIANCE.tables
    )
    assert isinstance(features, pl.DataFrame)
    assert isinstance(parts, pl.DataFrame)
    return features, parts.pivot(on="variable", index="feature_id", values="share"), said


def test_rows_are_those_of_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default with the factors of the study: what is constant is none of them."""
    features, parts, said = run(monkeypatch, study())
    rows = samples()
    assert parts.columns == [
        "feature_id", "group", "timepoint", "batch", "site", "group x timepoint", "subject",
        "residual",
    ]  # fmt: skip
    means = (rows["study_group"] + "." + rows["timepoint"]).to_numpy()
    late, ms, batch = (
        np.eye(2)[(rows[name] == level).cast(pl.Int64).to_numpy()]
        for name, level in (("timepoint", "3rd"), ("study_group", "MS"), ("batch", "B"))
    )
    design = np.column_stack([*(means == m for m in np.unique(means)), batch]).astype(float)
    basis, blocks = design_basis(design), make_blocks(rows["subject_id"].to_list())
    forms = partition_matrices(basis, [ms, late, batch, ms])
    found = variance_partition(values(rows), basis, forms, blocks)
    assert parts["feature_id"].to_list() == GENES
    np.testing.assert_allclose(parts.drop("feature_id").to_numpy(), found.shares, atol=1e-9)
    np.testing.assert_allclose(parts.drop("feature_id").to_numpy().sum(axis=1), 1.0)
    # how bound to the person is asked of the model of the analysis, without the batch
    own = design_basis(design[:, :4])
    expected = subject_share(values(rows), own, blocks)
    names = ("subject_share", "subject_share_low", "subject_share_high")
    for name, wanted in zip(names, expected, strict=True):
        np.testing.assert_allclose(features[name].to_numpy(), wanted, atol=1e-9)
    assert np.abs(expected[0] - found.subject_share).max() > 0.01
    np.testing.assert_allclose(features["residual_share"], parts["residual"])
    assert features["fault"].null_count() == len(GENES)
    assert said == []


def test_planted_effects_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    _, parts, _ = run(monkeypatch, study({"variance_partition": {"variables": ["batch"]}}))
    assert "site" not in parts.columns
    of = {row["feature_id"]: row for row in parts.to_dicts()}
    assert of[TRUE]["group"] > 0.5 > 0.1 < of[TRUE]["timepoint"] + of[TRUE]["batch"]
    assert of[FAKE]["batch"] > 0.5 > 0.3 > of[FAKE]["timepoint"]


@pytest.mark.parametrize(
    ("model", "fault"),
    [
        ({"means": ["group", "timepoint"]}, "the model has neither `block` nor `within`"),
        ({"means": ["timepoint"], "within": "subject"}, None),
    ],
)
def test_people_of_the_model(
    monkeypatch: pytest.MonkeyPatch, model: dict[str, Any], fault: str | None
) -> None:
    changes = {"model": model, "contrasts": {"x": "3rd - 1st"}, "sensitivity": None}
    if fault:
        changes["contrasts"] = {"x": "HP.3rd - HP.1st"}
    features, parts, _ = run(
        monkeypatch, study({**changes, "variance_partition": {"variables": []}})
    )
    assert set(features["fault"].to_list()) == {fault}
    assert features["subject_share"].null_count() == (len(GENES) if fault else 0)
    assert ("subject" in parts.columns) == (fault is None)
    np.testing.assert_allclose(parts.drop("feature_id").to_numpy().sum(axis=1), 1.0)
    if fault is None:  # levels of people are no columns of the design here
        assert parts.columns == ["feature_id", "timepoint", "subject", "residual"]
        block = {**changes, "model": {"means": ["timepoint"], "block": "subject"}}
        again, _, _ = run(monkeypatch, study({**block, "variance_partition": {"variables": []}}))
        np.testing.assert_allclose(features["subject_share"], again["subject_share"], atol=1e-9)


def test_a_feature_that_cannot_be_told_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    y = values(samples())
    y[3] = 7.0
    y[5, 4:] = np.nan
    weighted = SampleWeightedValues(InBlocks(y), np.linspace(0.5, 1.5, y.shape[1]))
    features, parts, _ = run(monkeypatch, study(), weighted)
    lacking = features.filter(pl.col("subject_share").is_null())
    assert lacking["feature_id"].to_list() == [GENES[3], GENES[5]]
    assert set(lacking["fault"].to_list()) == {
        "too few values, or none that vary, to tell people from noise"
    }
    assert parts.filter(pl.col("residual").is_null())["feature_id"].to_list() == [
        GENES[3], GENES[5],
    ]  # fmt: skip


def test_a_variable_with_a_level_for_most_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Left out by itself, with a note where it was asked for."""
    wanted = {"variance_partition": {"variables": ["age", "batch"]}}
    _, parts, said = run(monkeypatch, study(wanted))
    assert {"age", "batch"} <= set(parts.columns)
    assert said == []
    odd = samples().with_columns(batch=pl.col("sample_id"))
    con = warehouse(monkeypatch, odd, InBlocks(values(samples())))
    variance_tables(Preparation(con, study({**wanted, "sensitivity": None}), "main"), said.append)
    assert said == ["`batch` is no part of the variance: too few samples for it"]


def test_a_wanted_variable_without_a_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnalysisError, match="`weight` has no value for 2 of the 32"):
        run(monkeypatch, study({"variance_partition": {"variables": ["weight"]}}))


def test_it_is_made_anew_when_what_it_reads_changes(tmp_path: Path) -> None:
    def mark(of: Study) -> Any:
        return VARIANCE.inputs(of, Home(tmp_path), "main", VARIANCE.options(of, "main"))

    plain = mark(study())
    assert mark(study()) == plain
    assert mark(study({"variance_partition": {"variables": []}})) != plain
    assert mark(study({"model": {**MODEL, "covariates": ["age"]}})) != plain
    assert mark(study({"thresholds": {"p": 0.01}})) == plain
