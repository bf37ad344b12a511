"""Columns that are sums of others, and blocks that the model explains: who explains whom."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.design.contrasts import build_contrasts
from analyses.design.estimability import explanations
from analyses.design.model_matrix import Design, build_design
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study

MEANS = ("group", "timepoint")


def build(samples: pl.DataFrame, study: Study, **model: object) -> Design:
    return build_design(samples, Model.model_validate(model), study, "analysis x")


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(-5, 5)), min_size=1, max_size=4),
    st.sampled_from([1e-6, 1.0, 1e6]),
)
def test_a_planted_sum_is_found(terms: list[tuple[int, float]], unit: float) -> None:
    wanted = np.zeros(4)
    for column, weight in terms:
        wanted[column] = round(weight, 1)
    if not wanted.any():
        wanted[0] = 1.0
    own = np.random.default_rng(1).normal(size=(12, 4)) * [1.0, unit, 1.0, 1.0]
    matrix = np.column_stack([own, own @ wanted])
    ((column, found),) = explanations(matrix)
    assert column == 4
    weights = np.zeros(4)
    weights[[i for i, _, _ in found]] = [w for _, w, _ in found]
    np.testing.assert_allclose(own @ weights, own @ wanted, atol=1e-5 * np.abs(own @ wanted).max())


def test_independent_columns_need_no_explanation() -> None:
    assert explanations(np.random.default_rng(1).normal(size=(9, 5))) == []
    assert explanations(np.vander(np.arange(1.0, 9.0), 4)) == []


def test_the_note_names_the_columns_and_their_weights(samples: pl.DataFrame, study: Study) -> None:
    planted = samples.with_columns(
        age=pl.when(pl.col("study_group") == "MS").then(31.5).otherwise(28.0)
    )
    design = build(planted, study, means=("group",), covariates=("age",))
    assert "(age = 28 x HP + 31.5 x MS)" in design.notes[-1]
    # in words of the other columns, however many they are
    wide = build(planted, study, means=MEANS, covariates=("age",))
    assert "+ 31.5 x MS.1st + 31.5 x MS.2nd + 2 further terms)" in wide.notes[-1]


def test_the_error_names_the_columns_that_explain(samples: pl.DataFrame, study: Study) -> None:
    planted = samples.with_columns(library_batch=pl.col("study_group"))
    model = Model(means=MEANS, covariates=("library_batch", "age"))
    design = build_design(planted, model, study, "x")
    with pytest.raises(AnalysisError) as e:
        build_contrasts(design, {"x": "MS.3rd - HP.3rd"}, model, study)
    assert "are determined: library_batchMS = MS.1st + MS.2nd + MS.3rd" in str(e.value)
    assert "age =" not in str(e.value)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"means": MEANS, "covariates": ("state",)}, "`state` is Resting in every chosen sample"),
        ({"means": MEANS, "covariates": ("age",)}, "`age` is 30 in every chosen sample"),
        ({"formula": "group + age"}, "`age` in the formula is 30 in every chosen sample"),
    ],
)
def test_a_covariate_that_never_varies(
    samples: pl.DataFrame, study: Study, model: dict[str, object], words: str
) -> None:
    with pytest.raises(AnalysisError) as e:
        build(samples.with_columns(age=pl.lit(30.0)), study, **model)
    assert words in str(e.value)
    assert "choose other samples in `where`" in str(e.value)


@pytest.mark.parametrize(
    ("column", "model", "words"),
    [
        ("subject_id", {"means": ("timepoint",), "covariates": ("library_batch",)},
         "the block `subject` is the same as `library_batch` in the model"),
        ("subject_id", {"means": ("library_batch",)}, "same as `library_batch`"),
        ("subject_id", {"formula": "timepoint + library_batch"}, "same as `library_batch`"),
        ("visit", {"means": ("library_batch",)},
         "`library_batch` in the model tells every block of `subject` apart"),
    ],
)  # fmt: skip
def test_a_block_that_the_model_explains(
    samples: pl.DataFrame, study: Study, column: str, model: dict[str, object], words: str
) -> None:
    half = pl.concat_str("subject_id", pl.col("timepoint") == "3rd")
    named = samples.with_columns(library_batch=half if column == "visit" else pl.col(column))
    with pytest.raises(AnalysisError) as e:
        build(named, study, **model, block="subject")
    assert words in str(e.value)
    assert "leave `block` out" in str(e.value)


def test_a_block_that_is_a_combination(samples: pl.DataFrame, study: Study) -> None:
    cell = pl.concat_str("study_group", "timepoint")
    with pytest.raises(AnalysisError, match="same as `group x timepoint` in the model"):
        build(samples.with_columns(library_batch=cell), study, means=MEANS, block="library_batch")
    pairs = samples.with_columns(library_batch=pl.col("subject_id").str.slice(0, 1))
    with pytest.raises(AnalysisError, match="`subject` in the model tells every block of"):
        build(pairs, study, means=("timepoint",), within="subject", block="library_batch")
    # sums of a numeric column can do it, too
    two = samples.with_columns(
        library_batch=pl.when(pl.col("subject_id") == "p1")
        .then(pl.lit("a"))
        .otherwise(pl.lit("b")),
        age=pl.when(pl.col("subject_id") == "p1").then(3.0).otherwise(5.0),
    )
    with pytest.raises(AnalysisError, match="the columns of the model tell every block"):
        build(two, study, means=("timepoint",), covariates=("age",), block="library_batch")


def test_a_block_that_is_left_something(samples: pl.DataFrame, study: Study) -> None:
    for model in ({"means": MEANS}, {"means": MEANS, "covariates": ("age", "library_batch")}):
        assert build(samples, study, **model, block="subject").blocks is not None
    # women within groups: the group is a sum of women, not the other way round
    assert build(samples, study, means=("group",), block="subject").notes == ()
