"""Terms that take the degrees of freedom: named where none are left, and where few are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from analyses.design.model_matrix import build_design
from analyses.design.residual_df import df_warnings
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study

Make = Callable[..., pl.DataFrame]
ONCE = [(f"p{i:02d}", "HP" if i % 2 else "MS", "1st") for i in range(12)]
TWICE = [(p, g, t) for p, g, _ in ONCE for t in ("1st", "3rd")]


def build(samples: pl.DataFrame, study: Study, **model: Any):  # type: ignore[no-untyped-def]
    return build_design(samples, Model.model_validate(model), study, "analysis x")


def refused(samples: pl.DataFrame, study: Study, **model: Any) -> str:
    with pytest.raises(AnalysisError, match="no residual degrees of freedom") as error:
        build(samples, study, **model)
    return str(error.value)


@pytest.mark.parametrize(
    "model",
    [
        {"means": ("group",), "covariates": ("library_batch", "age")},
        {"means": ("group", "library_batch")},
        {"means": ("group",), "covariates": ("library_batch",), "block": "subject"},
        {"formula": "0 + group + library_batch"},
        {"curve": {"of": "age", "by": "group", "df": 1}, "covariates": ("library_batch",)},
    ],
)
def test_a_level_for_every_sample_is_named(
    make_samples: Make, study: Study, model: dict[str, Any]
) -> None:
    samples = make_samples(ONCE, library_batch=[f"L{i}" for i in range(12)])
    said = refused(samples, study, **model)
    assert "`library_batch` has a level for each of the 12 chosen samples" in said
    assert "take `library_batch` out of the model" in said
    assert "`age`" not in said


def test_so_are_people_as_a_factor_between_them(make_samples: Make, study: Study) -> None:
    said = refused(make_samples(ONCE), study, means=("group",), covariates=("subject",))
    assert "`subject` has a level for each of the 12 chosen samples" in said
    assert "`block: subject`" not in said
    rows = [(p, "MS", t) for p in "ab" for t in ("1st", "3rd")]
    pairs = make_samples(rows, age=[20.0, 31.0, 25.0, 20.0])
    said = refused(pairs, study, means=("timepoint",), covariates=("subject", "age"))
    assert "`subject` has 2 levels among the 4 chosen samples: it takes 1 degree of freedom" in said
    assert "`age` takes 1 degree of freedom" in said
    assert "take `subject` or `age` out of the model" in said
    assert "`block: subject` in its place takes none" in said


def test_terms_that_only_together_leave_nothing(make_samples: Make, study: Study) -> None:
    sheet = study.samples[0].model_copy(update={"factors": ("state", "library_batch")})
    study = study.model_copy(update={"samples": (sheet,)})
    levels = [f"L{i}" for i in range(12)]
    twins = make_samples(ONCE, library_batch=levels, state=levels)
    said = refused(twins, study, means=("group",), covariates=("library_batch", "state", "age"))
    assert "`library_batch`, `state` and `age` together take 10 degrees of freedom" in said
    assert "take `library_batch`, `state` or `age` out of the model" in said


def test_too_many_means_are_no_fault_of_a_covariate(make_samples: Make, study: Study) -> None:
    samples = make_samples([("a", "HP", "1st"), ("b", "HP", "3rd"), ("c", "MS", "1st")])
    said = refused(samples, study, means=("group", "timepoint"))
    assert "fewer means and covariates" in said


def test_a_factor_that_takes_most_is_warned_of(make_samples: Make, study: Study) -> None:
    slides = [f"L{i * 9 // 12}" for i in range(12)]
    samples = make_samples(ONCE, library_batch=slides)
    (said,) = df_warnings(build(samples, study, means=("group",), covariates=("library_batch",)))
    assert said == (
        "`library_batch` has 9 levels among the 12 chosen samples: it takes 8 degrees of freedom "
        "of the 10 that the rest of the model leaves"
    )
    of_group = make_samples(
        ONCE, library_batch=[f"L{i if i < 9 else 7 + i % 2}" for i in range(12)]
    )
    (crossed,) = df_warnings(build(of_group, study, means=("timepoint", "library_batch")))
    assert crossed.startswith("`library_batch` has 9 levels")
    (formula,) = df_warnings(build(samples, study, formula="0 + group + library_batch"))
    assert formula == said


def test_many_covariates_together_are_warned_of(make_samples: Make, study: Study) -> None:
    names = tuple(f"c{i}" for i in range(8))
    sheet = study.samples[0].model_copy(update={"covariates": names})
    study = study.model_copy(update={"samples": (sheet,)})
    values: dict[str, list[object]] = {
        name: [float((i * (k + 3)) % 13) ** (1 + k % 2) for i in range(12)]
        for k, name in enumerate(names)
    }
    samples = make_samples(ONCE, **values)
    (said,) = df_warnings(build(samples, study, means=("group",), covariates=names))
    assert said.startswith("`c0`, `c1`")
    assert "together take 8 degrees of freedom of the 10" in said
    assert df_warnings(build(samples, study, means=("group",), covariates=names[:5])) == []


def test_pairs_are_no_waste(make_samples: Make, study: Study) -> None:
    samples = make_samples(TWICE)
    means = ("group", "timepoint")
    for model in (
        {"means": means, "within": "subject"},
        {"means": means, "block": "subject"},
        {"formula": "0 + group:timepoint + subject"},
        {"means": means, "covariates": ("library_batch", "age")},
    ):
        assert df_warnings(build(samples, study, **model)) == []
    # eleven of twelve people came once
    once = samples.filter((pl.col("timepoint") == "1st") | (pl.col("subject_id") < "p02"))
    (said,) = df_warnings(build(once, study, means=("timepoint",), covariates=("subject",)))
    assert said.startswith("`subject` has 12 levels among the 14 chosen samples")
