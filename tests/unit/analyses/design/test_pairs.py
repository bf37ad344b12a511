from __future__ import annotations

import polars as pl
import pytest

from analyses.design.contrasts import contrast_weights
from analyses.design.model_matrix import build_design
from analyses.design.pairs import ContrastPairs, describe_contrast
from cohortmart.study import Model, Study


@pytest.mark.parametrize("baseline", [None, "HP.1st"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # p1 misses the 2nd, m3 the 3rd
        ("HP.3rd - HP.1st", ContrastPairs("within", 6, 3, 3)),
        ("HP.2nd - HP.1st", ContrastPairs("within", 5, 3, 2)),
        ("MS.3rd - HP.3rd", ContrastPairs("between", 5, 5, 0)),
        ("MS.3rd - HP.1st", ContrastPairs("between", 5, 5, 0)),
        ("(MS.3rd - MS.1st) - (HP.3rd - HP.1st)", ContrastPairs("mixed", 11, 6, 5)),
        ("(MS.3rd - MS.1st)/2 + (HP.3rd - HP.1st)/2", ContrastPairs("within", 11, 6, 5)),
        ("(HP.1st + HP.2nd)/2 - HP.3rd", ContrastPairs("within", 8, 3, 2)),
        ("MS.3rd - (HP.3rd + MS.1st)/2", ContrastPairs("mixed", 8, 6, 2)),
    ],
)
def test_kinds(
    samples: pl.DataFrame, study: Study, text: str, expected: ContrastPairs, baseline: str | None
) -> None:
    model = Model(means=("group", "timepoint"), covariates=("age",), baseline=baseline)
    design = build_design(samples, model, study, "x")
    weights = contrast_weights(design, "n", text)
    assert describe_contrast(design, weights, samples.reverse()) == expected


def test_a_change_that_nobody_shows(samples: pl.DataFrame, study: Study) -> None:
    apart = samples.filter(
        ((pl.col("timepoint") == "1st") & (pl.col("subject_id") == "p1"))
        | ((pl.col("timepoint") == "3rd") & (pl.col("subject_id") != "p1"))
    )
    design = build_design(apart, Model(means=("group", "timepoint")), study, "x")
    weights = contrast_weights(design, "n", "HP.3rd - HP.1st")
    assert describe_contrast(design, weights, apart) == ContrastPairs("between", 3, 3, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # p1 misses the 2nd, m3 the 3rd; one of the three women has no complete pair
        ("group[MS]:timepoint[3rd] - group[MS]:timepoint[1st]", (5, 3)),
        ("group[MS]:timepoint[3rd] - group[HP]:timepoint[3rd]", (5, 5)),
        ("(group[MS]:timepoint[1st] + group[HP]:timepoint[2nd])/2", (5, 5)),
    ],
)
def test_formula_has_no_sides(
    samples: pl.DataFrame, study: Study, text: str, expected: tuple[int, int]
) -> None:
    design = build_design(samples, Model(formula="0 + group:timepoint"), study, "x")
    found = describe_contrast(design, contrast_weights(design, "n", text), samples)
    assert found == ContrastPairs("unknown", *expected, 0)


def test_the_slope_of_a_covariate_has_no_sides(samples: pl.DataFrame, study: Study) -> None:
    design = build_design(samples, Model(means=("group",), covariates=("age",)), study, "x")
    found = describe_contrast(design, contrast_weights(design, "n", "age"), samples)
    # two of the 16 samples are as old as their group is on average
    assert found == ContrastPairs("unknown", 14, 6, 0)


def test_a_mean_with_a_covariate_has_no_sides(samples: pl.DataFrame, study: Study) -> None:
    design = build_design(samples, Model(means=("group",), covariates=("age",)), study, "x")
    found = describe_contrast(design, contrast_weights(design, "n", "MS - HP + 2 * age"), samples)
    assert (found.kind, found.n_complete) == ("unknown", 0)
