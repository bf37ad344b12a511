"""Which other models an analysis is compared with, and which features are followed."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.fit.variance_prior import prior_asked
from analyses.sensitivity.listed_features import Limits, limits_of, listed_rows
from analyses.sensitivity.model_terms import (
    names_in_model,
    removable_terms,
    with_term,
    without_term,
)
from analyses.sensitivity.variants import batch_note, variants_of
from cohortmart.core.study.model_records import Model, Sensitivity
from cohortmart.core.study.records import Thresholds
from tests.support.sensitivity_study import samples, study

MEANS = ["group", "timepoint"]


def variants(model: dict[str, Any], batch: str | None = "batch", **of: Any) -> dict[str, Any]:
    """Give the variants of a model by name."""
    sheet = of.pop("sheet", None)
    changes = {"model": model, "sensitivity": {"batch": batch}, **of.pop("changes", {})}
    made = study(changes, **of)
    sheet = samples() if sheet is None else sheet
    return {v.name: v for v in variants_of(made, "main", made.analyses["main"], sheet)}


WITH = ["with age", "with viability", "with site"]


@pytest.mark.parametrize(
    ("model", "batch", "expected"),
    [
        (
            {"means": MEANS, "block": "subject"},
            "batch",
            ["batch in the model", "ComBat first", "subject as fixed effect",
             "own correlation per feature", *WITH],
        ),
        (
            {"means": MEANS, "covariates": ["age", "batch"], "within": "subject"},
            "batch",
            ["without batch", "ComBat first", "subject as block", "own correlation per feature",
             "without age", *WITH[1:]],
        ),
        (
            {"means": MEANS, "block": "subject", "correlation": "per_feature"},
            None,
            ["subject as block", "subject as fixed effect", *WITH[:2], "with batch", WITH[2]],
        ),
        (
            {"means": MEANS},
            None,
            ["subject as block", "subject as fixed effect", "own correlation per feature",
             *WITH[:2], "with batch", WITH[2]],
        ),
        (
            {"means": ["timepoint"], "covariates": ["subject"]},
            "batch",
            ["batch in the model", "ComBat first", "subject as block",
             "own correlation per feature", "without subject", *WITH],
        ),
        (
            {"means": ["batch", "timepoint"], "block": "subject"},
            "batch",
            ["subject as fixed effect", "own correlation per feature", *WITH],
        ),
        (
            {"formula": "0 + group:timepoint + age + batch", "block": "subject"},
            "batch",
            ["without batch", "ComBat first", "subject as fixed effect",
             "own correlation per feature", "without age", *WITH[1:]],
        ),
        (
            {"curve": {"of": "viability", "by": "group"}, "block": "subject"},
            None,
            ["subject as fixed effect", "own correlation per feature", "with age", "with batch",
             "with site"],
        ),
    ],
)  # fmt: skip
def test_variants_in_their_order(
    model: dict[str, Any], batch: str | None, expected: list[str]
) -> None:
    assert list(variants(model, batch)) == expected


def test_a_variant_changes_one_thing() -> None:
    model = {"means": MEANS, "covariates": ["age", "batch"], "block": "subject"}
    made = variants(
        model, changes={"contrast_errors": "limma", "values": "voom", "voom": {"rounds": 2}}
    )
    plain = {"covariates": ("age", "batch"), "block": "subject", "within": None}

    def model_of(name: str) -> dict[str, Any]:
        return {key: getattr(made[name].analysis.model, key) for key in plain}

    assert model_of("without batch") == plain | {"covariates": ("age",)}
    assert model_of("ComBat first") == plain | {"covariates": ("age",)}
    assert made["ComBat first"].combat == "batch"
    assert model_of("subject as fixed effect") == plain | {"block": None, "within": "subject"}
    # of a design that is never of full rank limma's approximation says nothing
    assert made["subject as fixed effect"].analysis.contrast_errors == "exact"
    assert made["without age"].analysis.contrast_errors == "limma"
    # its prior is that of limma's approximation all the same
    assert {prior_asked(v.analysis) for v in made.values()} == {"moments"}
    # the second round of voom needs blocks, and a fixed effect has none
    rounds = {name: v.analysis.voom.rounds for name, v in made.items()}
    assert rounds.pop("subject as fixed effect") == 1
    assert set(rounds.values()) == {2}
    assert made["own correlation per feature"].analysis.model.correlation == "per_feature"
    assert made["own correlation per feature"].analysis.contrast_errors == "exact"
    assert model_of("with viability") == plain | {"covariates": ("age", "batch", "viability")}
    assert all(v.combat is None for name, v in made.items() if name != "ComBat first")


def test_one_visit_each_has_no_subject_to_vary() -> None:
    sheet = samples().filter(pl.col("timepoint") == "1st")
    assert not [n for n in variants({"means": ["group"]}, sheet=sheet) if "subject" in n]


def test_no_combat_on_combat() -> None:
    changes = {"assay": "epic", "values": "m_value"}
    step = {"normalise": [{"combat": {"batch": "batch"}}]}
    model = {"means": MEANS, "block": "subject"}
    assert "ComBat first" not in variants(model, changes=changes, **step)
    assert "ComBat first" in variants(model, changes=changes)
    made = study({**changes, "model": model}, **step)
    assert "adjusted for `batch` before" in str(batch_note(made, made.analyses["main"]))
    made = study({"model": {"means": ["batch"]}})
    assert "part of what is compared" in str(batch_note(made, made.analyses["main"]))
    made = study()
    assert batch_note(made, made.analyses["main"]) is None


def test_terms_of_a_formula() -> None:
    model = Model(formula="0 + group:timepoint + bs(age, df=3) + age + site:viability + batch")
    of = study()
    every = {"group", "timepoint", "age", "site", "viability", "batch"}
    assert names_in_model(model, of) == every
    assert removable_terms(model, of) == ("age", "batch")
    less = without_term(model, of, "age")
    assert names_in_model(less, of) == every - {"age"}
    assert names_in_model(with_term(less, "weight"), of) == every - {"age"} | {"weight"}
    assert removable_terms(with_term(less, "weight"), of) == ("batch", "weight")


few = st.sampled_from([0.1, 0.25, 0.5])  # so that values fall on limits
numbers = st.floats(0, 1) | few | st.just(float("nan"))
limit = st.none() | few


@given(
    st.tuples(limit, limit, limit),
    st.lists(st.tuples(numbers, numbers, few | st.floats(-2, 2)), min_size=5),
)
def test_found_is_the_rule_of_the_tables(
    at: tuple[float | None, float | None, float | None], rows: list[tuple[float, float, float]]
) -> None:
    p, adj_p, log_fc = at
    expected = [
        row[0] == row[0]
        and (p is None or row[0] < p)
        and (adj_p is None or row[1] < adj_p)
        and (log_fc is None or abs(row[2]) > log_fc)
        for row in rows
    ]
    columns = np.array(rows).reshape(-1, 3).T
    assert Limits(p, adj_p, log_fc).found(*columns).tolist() == expected


def test_limits_without_delta_beta() -> None:
    assert limits_of(Thresholds(), 0.05) == Limits(None, 0.05, None)
    assert limits_of(Thresholds(delta_beta=0.1), 0.05) == Limits(None, 0.05, None)
    assert limits_of(Thresholds(p=0.01, delta_beta=0.1), 0.05) == Limits(0.01, None, None)
    assert limits_of(Thresholds(log_fc=1.0), 0.05) == Limits(None, None, 1.0)


@given(st.lists(st.sampled_from([0.0, 0.1, 0.2, float("nan")]), max_size=80), st.integers(1, 40))
def test_listed_rows_against_sorting(p: list[float], top: int) -> None:
    ids = pa.array([f"G{i:02d}" for i in range(len(p))], pa.string())
    named = tuple(ids.to_pylist()[-1:])
    tested = [i for i in range(len(p)) if p[i] == p[i]]
    best = sorted(tested, key=lambda i: (p[i], i))[:top]
    expected = sorted({*best, *([len(p) - 1] if p else [])})
    values = np.array([p, p]).T.reshape(-1, 2)
    rows = listed_rows(ids, values, Sensitivity(top=top, features=named), "here")
    assert [r.tolist() for r in rows] == [expected, expected]


def test_of_equal_p_values_the_first_ids_count() -> None:
    ids = pa.array([f"G{i:03d}" for i in range(500)])
    p = np.where(np.arange(500) % 2, 0.25, 0.5)[:, None]
    (rows,) = listed_rows(ids, p, Sensitivity(top=7), "here")
    assert rows.tolist() == [1, 3, 5, 7, 9, 11, 13]
