"""One contrast under the names of R, of formulaic and of the study."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

from analyses.design.coefficient_names import (
    Spelling,
    read_weights,
    spellings_of_columns,
    spellings_of_means,
)
from analyses.design.contrast_sides import sample_weights
from analyses.design.contrasts import contrast_weights
from analyses.design.model_matrix import Design, build_design
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study

DIFFERENCE = "(MS.3rd - MS.1st) - (HP.3rd - HP.1st)"


def of_formula(samples: pl.DataFrame, study: Study, formula: str) -> Design:
    return build_design(samples, Model(formula=formula), study, "analysis x")


def of_means(samples: pl.DataFrame, study: Study, *covariates: str) -> Design:
    model = Model(means=("group", "timepoint"), covariates=covariates)
    return build_design(samples, model, study, "analysis x")


def estimate(design: Design, expression: str) -> np.ndarray:
    """Return what the least-squares estimate of a contrast gives each sample."""
    return sample_weights(design, contrast_weights(design, "x", expression))


@pytest.mark.parametrize(
    ("formula", "covariates"),
    [
        ("0 + group:timepoint", ()),
        ("group*timepoint", ()),
        ("timepoint/group", ()),
        ("C(group, contr.sum)*timepoint", ()),
        ("group*timepoint + library_batch + age", ("library_batch", "age")),
        ("0 + library_batch + group:timepoint", ("library_batch",)),
    ],
)
@pytest.mark.parametrize("expression", ["MS.3rd - MS.1st", DIFFERENCE])
def test_mean_of_a_formula_is_that_of_the_means(
    samples: pl.DataFrame,
    study: Study,
    formula: str,
    covariates: tuple[str, ...],
    expression: str,
) -> None:
    got = estimate(of_formula(samples, study, formula), expression)
    np.testing.assert_allclose(
        got, estimate(of_means(samples, study, *covariates), expression), atol=1e-12
    )


def test_additive_formula_has_means_of_combinations_too(
    samples: pl.DataFrame, study: Study
) -> None:
    design = of_formula(samples, study, "0 + group + timepoint")
    np.testing.assert_allclose(
        estimate(design, "MS.3rd - HP.3rd"),
        estimate(design, "`group[MS]` - `group[HP]`"),
        atol=1e-12,
    )
    assert contrast_weights(design, "x", "MS.3rd").tolist() == [0, 1, 0, 1]
    assert contrast_weights(design, "x", "MS.3rd - MS.1st").tolist() == [0, 0, 0, 1]
    assert contrast_weights(design, "x", "3rd - 1st").tolist() == [0, 0, 0, 1]


def test_names_of_r(samples: pl.DataFrame, study: Study) -> None:
    crossed = of_formula(samples, study, "group*timepoint + age")
    for r_name, own in [
        ("groupMS:timepoint3rd", "`group[T.MS]:timepoint[T.3rd]`"),
        ("groupMS", "group[T.MS]"),
        ("groupMS + groupMS:timepoint3rd", "group[T.MS] + group[T.MS]:timepoint[T.3rd]"),
        ("`(Intercept)`", "Intercept"),
        ("2*age", "age*2"),
    ]:
        np.testing.assert_array_equal(
            contrast_weights(crossed, "x", r_name), contrast_weights(crossed, "x", own)
        )
    means = of_means(samples, study)
    np.testing.assert_array_equal(
        contrast_weights(means, "x", "groupMS:timepoint3rd - groupHP:timepoint3rd"),
        contrast_weights(means, "x", "MS.3rd - HP.3rd"),
    )


def test_names_of_r_beside_a_baseline(samples: pl.DataFrame, study: Study) -> None:
    model = Model(means=("group", "timepoint"), baseline="HP.1st")
    design = build_design(samples, model, study, "analysis x")
    np.testing.assert_array_equal(
        contrast_weights(design, "x", "groupMS:timepoint3rd - groupHP:timepoint1st"),
        contrast_weights(design, "x", "MS.3rd - HP.1st"),
    )
    with pytest.raises(AnalysisError, match="only in a difference of means"):
        contrast_weights(design, "x", "groupHP:timepoint1st")


def test_mean_that_a_batch_shifts_stands_in_differences_only(
    samples: pl.DataFrame, study: Study
) -> None:
    design = of_formula(samples, study, "0 + library_batch + group:timepoint")
    with pytest.raises(AnalysisError, match=r"`MS\.3rd` depends on other categories") as caught:
        contrast_weights(design, "x", "MS.3rd - 2*MS.1st")
    assert "they sum to -1 in" in str(caught.value)


def test_no_mean_where_a_number_is_crossed_with_it(samples: pl.DataFrame, study: Study) -> None:
    design = of_formula(samples, study, "0 + group + group:age")
    assert not {"MS", "HP"} & design.spellings.keys()
    with pytest.raises(AnalysisError, match="`MS` is not a coefficient"):
        contrast_weights(design, "x", "MS - HP")


def test_nearest_name_is_suggested_in_the_spelling_that_was_used(
    samples: pl.DataFrame, study: Study
) -> None:
    design = of_formula(samples, study, "0 + group:timepoint")
    for wrong, meant in [
        ("groupMS:timepoint3d - MS.1st", "groupMS:timepoint3rd"),
        ("MS.3d - MS.1st", "MS.3rd"),
        ("group[MS]:timepoint[3r] - MS.1st", "group[MS]:timepoint[3rd]"),
    ]:
        with pytest.raises(AnalysisError, match=re.escape(f"did you mean `{meant}`?")):
            contrast_weights(design, "x", wrong)


def test_combination_without_a_sample_is_said_so(samples: pl.DataFrame, study: Study) -> None:
    left = samples.filter(~((pl.col("study_group") == "MS") & (pl.col("timepoint") == "2nd")))
    for formula in ("0 + group:timepoint", "group*timepoint"):
        with pytest.raises(AnalysisError, match=r"no sample is MS\.2nd among the 13 chosen"):
            contrast_weights(of_formula(left, study, formula), "x", "MS.2nd - MS.1st")


def test_names_that_cancel(samples: pl.DataFrame, study: Study) -> None:
    design = of_formula(samples, study, "0 + group:timepoint")
    with pytest.raises(AnalysisError, match="cancel to zero"):
        contrast_weights(design, "x", "MS.3rd - groupMS:timepoint3rd")


def test_names_of_columns_win_and_ambiguous_ones_stand_for_nothing() -> None:
    means = spellings_of_means(
        ("a", "b"), {"1.x": ("1", "x"), "2.x": ("2", "x")}, ("a1:bx", "1.x", "2.x")
    )
    assert means == {"a2:bx": Spelling({"2.x": 1.0})}
    twice = spellings_of_columns(["a[T.b]", "a[b]", "ab"])
    assert twice == {}
    assert read_weights("q - r", ["q", "r"], {}) == {"q": 1.0, "r": -1.0}


def test_levels_with_brackets_are_no_trap(samples: pl.DataFrame, study: Study) -> None:
    odd = samples.with_columns(
        pl.when(pl.col("library_batch") == "A").then(pl.lit("x[T.y]")).otherwise(pl.lit("z"))
        .alias("library_batch")
    )  # fmt: skip
    design = of_formula(odd, study, "0 + library_batch")
    assert contrast_weights(design, "x", "x[T.y] - z").tolist() == [1, -1]
