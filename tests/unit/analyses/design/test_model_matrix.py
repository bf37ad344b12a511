from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from analyses.design.model_matrix import build_design
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study

Make = Callable[..., pl.DataFrame]
MEANS = ("group", "timepoint")


def build(samples: pl.DataFrame, study: Study, **model: object):  # type: ignore[no-untyped-def]
    return build_design(samples, Model.model_validate(model), study, "analysis x")


def test_one_mean_per_combination(samples: pl.DataFrame, study: Study) -> None:
    design = build(samples, study, means=MEANS, block="subject")
    assert design.columns == ("HP.1st", "HP.2nd", "HP.3rd", "MS.1st", "MS.2nd", "MS.3rd")
    expected = [
        [float(f"{g}.{t}" == c) for c in design.columns]
        for g, t in samples.select("study_group", "timepoint").iter_rows()
    ]
    np.testing.assert_array_equal(design.matrix, expected)
    assert design.matrix.dtype == np.float64
    assert design.sample_ids == tuple(samples["sample_id"])
    assert design.mean_labels == tuple(
        f"{g}.{t}" for g, t in samples.select("study_group", "timepoint").iter_rows()
    )
    assert design.blocks is not None
    assert design.blocks.tolist() == samples["subject_id"].to_list()
    assert design.notes == ()
    assert design.rank == 6


def test_order_of_means_and_levels(samples: pl.DataFrame, study: Study) -> None:
    design = build(samples, study, means=("timepoint", "group", "cell_type"))
    assert design.columns[:3] == ("1st.HP.CD8", "1st.MS.CD8", "2nd.HP.CD8")
    turned = study.model_copy(update={"groups": ("MS", "HP"), "timepoints": ("3rd", "2nd", "1st")})
    assert build(samples, turned, means=MEANS).columns[:2] == ("MS.3rd", "MS.2nd")


def test_drops_empty_combinations_with_a_note(make_samples: Make, study: Study) -> None:
    rows = [("a", "HP", "1st"), ("b", "HP", "1st"), ("c", "MS", "1st"), ("c", "MS", "BP")] * 2
    design = build(make_samples(rows), study, means=MEANS)
    assert design.columns == ("HP.1st", "MS.BP", "MS.1st")
    assert design.notes == (
        "no sample is HP.BP among the 8 chosen, so the model has no mean for that",
    )
    assert design.empty == ("HP.BP",)
    assert {"HP.BP", "HC.1st", "MS.PP"} <= set(design.absent)
    assert not set(design.absent) & set(design.columns)


def test_covariates(samples: pl.DataFrame, study: Study) -> None:
    design = build(samples, study, means=MEANS, covariates=("age", "library_batch"))
    assert design.columns[-2:] == ("age", "library_batchB")
    np.testing.assert_array_equal(design.matrix[:, -2], samples["age"])
    np.testing.assert_array_equal(design.matrix[:, -1], samples["library_batch"] == "B")


def test_roles_as_covariates_follow_the_study(samples: pl.DataFrame, study: Study) -> None:
    design = build(samples, study, means=("library_batch",), covariates=("timepoint", "group"))
    assert design.columns == (
        "A", "B", "timepoint2nd", "timepoint3rd", "groupMS",
    )  # fmt: skip


def test_baseline(samples: pl.DataFrame, study: Study) -> None:
    means = build(samples, study, means=MEANS, covariates=("age",))
    design = build(samples, study, means=MEANS, covariates=("age",), baseline="MS.1st")
    others = ("HP.1st", "HP.2nd", "HP.3rd", "MS.2nd", "MS.3rd")
    assert design.columns == ("Intercept", *others, "age")
    np.testing.assert_array_equal(design.matrix[:, 0], 1.0)
    for column in (*others, "age"):
        np.testing.assert_array_equal(
            design.matrix[:, design.columns.index(column)],
            means.matrix[:, means.columns.index(column)],
        )


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_missing_numbers(samples: pl.DataFrame, study: Study, missing: float | None) -> None:
    holes = samples.with_columns(
        pl.when(pl.col("timepoint") == "1st")
        .then(pl.lit(missing, pl.Float64))
        .otherwise("age")
        .alias("age")
    )
    with pytest.raises(AnalysisError) as e:
        build(holes, study, means=MEANS, covariates=("age",))
    text = str(e.value)
    assert "analysis x: `age` has no value for 6 of the 16 chosen samples" in text
    assert "s05, s06, s07, s08, s09 and 1 more" in text
    assert "age is not null" in text
    with pytest.raises(AnalysisError, match="no value for 6 of the 16"):
        build(holes, study, formula="group + age")


def test_infinite_numbers(samples: pl.DataFrame, study: Study) -> None:
    first = pl.col("sample_id") == "s03"
    odd = samples.with_columns(age=pl.when(first).then(-np.inf).otherwise("age"))
    with pytest.raises(AnalysisError, match="`age` is infinite for 1 of the 16 chosen") as e:
        build(odd, study, means=MEANS, covariates=("age",))
    assert "infinite for s03" in str(e.value)
    assert "correct it in the sample sheet" in str(e.value)


@pytest.mark.parametrize("missing", [None, ""])
def test_missing_labels(samples: pl.DataFrame, study: Study, missing: str | None) -> None:
    first = pl.col("sample_id") == "s00"
    for column, model in {
        "library_batch": {"means": MEANS, "covariates": ("library_batch",)},
        "cell_type": {"means": ("cell_type",)},
        "subject_id": {"means": MEANS, "block": "subject"},
    }.items():
        holes = samples.with_columns(
            pl.when(first).then(pl.lit(missing, pl.String)).otherwise(column).alias(column)
        )
        with pytest.raises(AnalysisError, match=r"no value for 1 of the 16 chosen samples") as e:
            build(holes, study, **model)
        assert "s00" in str(e.value)
        assert f"{column} is not null" in str(e.value)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"means": ("grup",)}, "did you mean `group`?"),
        ({"means": ("age",)}, "`age` is a number"),
        ({"means": MEANS, "block": "age"}, "`age` is a number"),
        ({"means": MEANS, "block": "person"}, "`person` is neither a role nor a declared column"),
        ({"means": MEANS, "covariates": ("agee",)}, "did you mean `age`?"),
        ({"means": MEANS, "baseline": "MS.3d"}, "did you mean `MS.3rd`?"),
        ({"means": MEANS, "covariates": ("proportion_memory",)}, "no column `proportion_memory`"),
        ({"means": MEANS, "covariates": ("subject",), "block": "subject"}, "and its block"),
        ({"means": ("group", "group")}, "twice"),
        ({"means": MEANS, "formula": "group"}, "not both"),
        ({}, "not both"),
        ({"formula": "group", "covariates": ("age",)}, "belong to `means`"),
        ({"formula": "group", "baseline": "MS.1st"}, "belong to `means`"),
    ],
)
def test_refuses(samples: pl.DataFrame, study: Study, model: dict[str, object], words: str) -> None:
    with pytest.raises(AnalysisError, match=re.escape(words)) as e:
        build(samples, study, **model)
    assert str(e.value).startswith("analysis x")


def test_clash_of_names(make_samples: Make, study: Study) -> None:
    rows = [("p", "HP", "1st")] * 4
    clash = make_samples(rows, state=["a.b", "a", "a", "a"], library_batch=["c", "b.c", "c", "c"])
    with pytest.raises(AnalysisError, match=r"two combinations are both named `a\.b\.c`"):
        build(clash, study, means=("state", "library_batch"))
    named_age = make_samples(rows, state=["age", "age", "b", "b"])
    with pytest.raises(AnalysisError, match="`age` would name two columns"):
        build(named_age, study, means=("state",), covariates=("age",))


def test_two_covariates_of_one_name(make_samples: Make, study: Study) -> None:
    sheet = study.samples[0].model_copy(update={"factors": ("x", "xy")})
    clash = make_samples([("p", "HP", "1st")] * 6, x=list("aaayyz"), xy=list("azazaz"))
    clash = clash.with_columns(
        pl.when(pl.col("x") == "y").then(pl.lit("yz")).otherwise("x").alias("x")
    )
    with pytest.raises(AnalysisError, match="two covariates give a column named `xyz`"):
        build(clash, study.model_copy(update={"samples": (sheet,)}), means=("group",),
              covariates=("x", "xy"))  # fmt: skip


def test_needs_residual_degrees_of_freedom(samples: pl.DataFrame, study: Study) -> None:
    with pytest.raises(AnalysisError, match="no residual degrees of freedom") as e:
        build(samples.unique(["study_group", "timepoint"]), study, means=MEANS)
    assert "6 samples" in str(e.value)
    with pytest.raises(AnalysisError, match="no sample is chosen"):
        build(samples.head(0), study, means=MEANS)


def test_notes_on_rank_and_blocks(samples: pl.DataFrame, study: Study) -> None:
    twin = samples.with_columns(
        pl.when(pl.col("study_group") == "MS").then(pl.lit("B")).otherwise(pl.lit("A"))
        .alias("library_batch"),
        subject_id=pl.col("sample_id"),
    )  # fmt: skip
    design = build(twin, study, means=MEANS, covariates=("library_batch", "age"), block="subject")
    assert design.rank == 7
    assert len(design.columns) == 8
    block, rank = design.notes
    assert block == "every `subject` has one chosen sample, so the block has nothing to explain"
    assert "8 columns but rank 7" in rank
    assert "samples MS.1st, MS.2nd, MS.3rd, library_batchB cannot" in rank


def test_row_order_is_kept_and_columns_do_not_depend_on_it(
    samples: pl.DataFrame, study: Study
) -> None:
    model = {"means": MEANS, "covariates": ("library_batch",), "block": "subject"}
    design = build(samples, study, **model)
    turned = build(samples.reverse(), study, **model)
    assert turned.columns == design.columns
    np.testing.assert_array_equal(turned.matrix[::-1], design.matrix)
