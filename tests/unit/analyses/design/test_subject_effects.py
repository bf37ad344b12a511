"""The subject as a fixed effect: what can be estimated, what is said, and that it is right."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from analyses.design.contrasts import Contrasts, build_contrasts
from analyses.design.model_matrix import Design, build_design
from analyses.design.subject_pairs import ContrastPairs, describe_contrast
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study

MEANS = ("group", "timepoint")


def both(
    samples: pl.DataFrame, study: Study, contrasts: dict[str, str], **model: object
) -> tuple[Design, Contrasts]:
    settings = Model.model_validate({"means": MEANS, "within": "subject", **model})
    design = build_design(samples, settings, study, "analysis x")
    return design, build_contrasts(design, contrasts, settings, study)


def test_one_column_for_each_level(samples: pl.DataFrame, study: Study) -> None:
    design, _ = both(samples, study, {"c": "MS.3rd - MS.1st"}, covariates=["library_batch"])
    people = ("m1", "m2", "m3", "p1", "p2", "p3")
    assert design.columns[-7:] == ("library_batchB", *(f"subject{p}" for p in people))
    for person in people:
        column = design.matrix[:, design.columns.index(f"subject{person}")]
        np.testing.assert_array_equal(column, samples["subject_id"] == person)
    assert design.blocks is None
    assert design.n_own == 7
    assert design.categories["subject"] == tuple(samples["subject_id"])
    # 6 means, a batch and 6 women, less one level of either group
    assert design.rank == 6 + 1 + 6 - 2


def test_one_calm_note(samples: pl.DataFrame, study: Study) -> None:
    same_age = samples.with_columns(
        age=pl.col("subject_id").replace_strict(
            dict(zip(("p1", "p2", "p3", "m1", "m2", "m3"), range(30, 36), strict=True)),
            return_dtype=pl.Float64,
        )
    )
    design, _ = both(same_age, study, {"c": "MS.3rd - MS.1st"}, covariates=["age"])
    said = "`subject` is in the model, so only differences within a subject can be estimated"
    assert design.notes == (f"{said}; it absorbs group and age, which do not vary within one",)
    varied, _ = both(samples, study, {"c": "MS.3rd - MS.1st"}, covariates=["age"])
    assert varied.notes == (f"{said}; it absorbs group, which does not vary within one",)
    of_formula, _ = both(
        same_age, study, {"c": "`timepoint[T.3rd]`"}, means=(), formula="timepoint + age"
    )
    assert of_formula.notes == (f"{said}; it absorbs age, which does not vary within one",)
    # columns that are sums of each other without the women are still told
    odd = same_age.with_columns(library_batch=pl.col("study_group"))
    worse, _ = both(odd, study, {"c": "MS.3rd - MS.1st"}, covariates=["library_batch"])
    assert "library_batchMS = MS.1st + MS.2nd + MS.3rd" in worse.notes[-1]


def test_estimates_are_those_of_changes(samples: pl.DataFrame, study: Study) -> None:
    """Adding any number to all samples of a woman changes nothing; equals the formula of R."""
    wanted = {"c": "MS.3rd - MS.1st", "i": "(MS.3rd - MS.1st) - (HP.3rd - HP.1st)"}
    design, contrasts = both(samples, study, wanted)
    y = np.random.default_rng(3).normal(size=samples.height)
    levels = samples["subject_id"].rank("dense").to_numpy() * 7.0

    def estimates(values: np.ndarray) -> np.ndarray:
        return contrasts.matrix.T @ np.linalg.lstsq(design.matrix, values, rcond=None)[0]

    np.testing.assert_allclose(estimates(y), estimates(y + levels), atol=1e-10)
    formula = Model(formula="0 + subject + group:timepoint")
    other = build_design(samples, formula, study, "x")
    fitted = [d.matrix @ np.linalg.lstsq(d.matrix, y, rcond=None)[0] for d in (design, other)]
    np.testing.assert_allclose(fitted[0], fitted[1], atol=1e-10)
    # complete pairs alone: the mean of the differences
    pairs = samples.filter(pl.col("timepoint") != "2nd", pl.col("subject_id").is_in(["m1", "m2"]))
    small, of_small = both(pairs, study, {"c": "MS.3rd - MS.1st"})
    z = np.arange(4.0) ** 2
    late = (pairs["timepoint"] == "3rd").to_numpy()
    b = np.linalg.lstsq(small.matrix, z, rcond=None)[0]
    assert (of_small.matrix.T @ b)[0] == pytest.approx(z[late].mean() - z[~late].mean())


def test_families(samples: pl.DataFrame, study: Study) -> None:
    wanted = {"time_within_group": "all", "interaction": "all"}
    design, contrasts = both(samples, study, wanted)
    assert len(contrasts.names) == 9
    kinds = [describe_contrast(design, c, samples) for c in contrasts.matrix.T]
    assert [k.kind for k in kinds] == ["within"] * 6 + ["mixed"] * 3
    assert kinds[contrasts.names.index("MS_3rd-1st")] == ContrastPairs("within", 5, 3, 2)
    with pytest.raises(AnalysisError) as e:
        both(samples, study, {"group_within_time": "all"})
    text = str(e.value)
    assert "`group_within_time: all` compares groups of people, and `within: subject`" in text
    assert "use `block: subject` in place of `within`" in text


def test_groups_cannot_be_compared_within_what_lies_in_one(
    samples: pl.DataFrame, study: Study
) -> None:
    nested = samples.with_columns(library_batch=pl.col("subject_id"))
    with pytest.raises(AnalysisError) as e:
        both(nested, study, {"group_within_time": "all"}, within="library_batch")
    text = str(e.value)
    assert "`group_within_time: all` compares groups, and `library_batch` is in the model" in text
    assert "every library_batch is of one group" in text
    assert "use `block: library_batch` in place of `within`" in text


def test_groups_can_be_compared_within_something_else(samples: pl.DataFrame, study: Study) -> None:
    _, contrasts = both(samples, study, {"group_within_time": "all"}, within="library_batch")
    assert contrasts.names == ("MSvsHP_1st", "MSvsHP_2nd", "MSvsHP_3rd")


@pytest.mark.parametrize("text", ["MS.1st - HP.1st", "MS.1st", "age", "(MS.1st + MS.3rd) / 2"])
def test_contrasts_between_women(samples: pl.DataFrame, study: Study, text: str) -> None:
    old = samples.with_columns(age=pl.col("subject_id").str.slice(1).cast(pl.Float64) + 30)
    with pytest.raises(AnalysisError) as e:
        both(old, study, {"x": text}, covariates=["age"])
    said = str(e.value)
    assert "contrast x cannot be estimated: it is between people, and `subject` is in" in said
    assert "use `block: subject` in place of `within`" in said


def test_what_nothing_can_tell_is_not_blamed_on_the_women(
    samples: pl.DataFrame, study: Study
) -> None:
    odd = samples.with_columns(library_batch=pl.col("timepoint"))
    with pytest.raises(AnalysisError) as e:
        both(odd, study, {"x": "MS.3rd - MS.1st"}, covariates=["library_batch"])
    assert "are aliased" in str(e.value)
    assert "library_batch3rd = HP.3rd + MS.3rd" in str(e.value)
    assert "subjectm1" not in str(e.value)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"block": "subject"}, "`subject` is both `within` and the block"),
        ({"covariates": ["subject"]}, "`subject` is both in the model and its `within` term"),
        ({"within": "group"}, "`group` is both in the model and its `within` term"),
        ({"within": "age"}, "analysis x, within: `age` is a number"),
        ({"within": "person"}, "`person` is neither a role nor a declared column"),
        ({"within": "state"}, "`state` is Resting in every chosen sample"),
        ({"means": (), "formula": "timepoint + subject"}, "both in the formula and `within`"),
    ],
)
def test_refuses(samples: pl.DataFrame, study: Study, model: dict[str, object], words: str) -> None:
    with pytest.raises(AnalysisError) as e:
        both(samples, study, {"c": "MS.3rd - MS.1st"}, **model)
    assert words in str(e.value)
    assert str(e.value).startswith("analysis x")


def test_one_sample_of_each(samples: pl.DataFrame, study: Study) -> None:
    once = samples.with_columns(subject_id=pl.col("sample_id"))
    with pytest.raises(AnalysisError, match="nothing can be compared within `subject`"):
        both(once, study, {"c": "MS.3rd - MS.1st"})


def test_a_level_named_like_a_mean(samples: pl.DataFrame, study: Study) -> None:
    named = samples.with_columns(state=pl.col("timepoint").replace("1st", "subjectm1"))
    with pytest.raises(AnalysisError, match="`subjectm1` would name two columns"):
        both(named, study, {"c": "`3rd` - `2nd`"}, means=["state"])
