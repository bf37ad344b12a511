"""Reserved contrasts of one group, of one visit, and of timepoints below 0."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from analyses.design.contrasts import Contrasts, build_contrasts
from analyses.design.model_matrix import build_design
from analyses.design.subject_pairs import describe_contrast
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study

Make = Callable[..., pl.DataFrame]


def made(samples: pl.DataFrame, study: Study, wanted: dict[str, str], *means: str) -> Contrasts:
    model = Model(means=means)
    return build_contrasts(build_design(samples, model, study, "x"), wanted, model, study)


@pytest.fixture
def one_group(study: Study) -> Study:
    levels = {"groups": ("all",), "timepoints": ("-7", "-1", "0", "28")}
    return study.model_copy(update=levels)


def test_one_group_has_no_prefix(make_samples: Make, one_group: Study) -> None:
    rows = [(f"p{i}", "all", t) for i in range(3) for t in one_group.timepoints]
    contrasts = made(make_samples(rows), one_group, {"time_within_group": "all"}, "timepoint")
    assert dict(zip(contrasts.names, contrasts.expressions, strict=True)) == {
        "(-1)-(-7)": "`-1` - `-7`",
        "0-(-7)": "`0` - `-7`",
        "28-(-7)": "`28` - `-7`",
        "0-(-1)": "`0` - `-1`",
        "28-(-1)": "`28` - `-1`",
        "28-0": "`28` - `0`",
    }
    assert contrasts.meanings[1] == "change from -7 to 0"
    assert contrasts.families["time_within_group"] == tuple(range(6))


def test_one_visit_has_no_suffix(make_samples: Make, study: Study) -> None:
    once = study.model_copy(update={"timepoints": ("once",)})
    rows = [(f"{g}{i}", g, "once") for g in ("HP", "HC", "MS") for i in range(3)]
    contrasts = made(make_samples(rows), once, {"group_within_time": "all"}, "group")
    assert dict(zip(contrasts.names, contrasts.expressions, strict=True)) == {
        "MSvsHP": "MS - HP",
        "HCvsHP": "HC - HP",
    }


def test_a_group_that_changes_is_compared_within_people(make_samples: Make, study: Study) -> None:
    rows = [(f"p{i}", g, t) for i in range(4) for g, t in (("HP", "1st"), ("MS", "3rd"))]
    samples = make_samples(rows)
    design = build_design(samples, Model(means=("group",), block="subject"), study, "x")
    weights = made(samples, study, {"n": "MS - HP"}, "group").matrix[:, 0]
    pairs = describe_contrast(design, weights, samples)
    assert (pairs.kind, pairs.n_subjects, pairs.n_complete) == ("within", 4, 4)
    # half of the people stay in their group: one person on both sides makes a part of all
    some = make_samples([*rows, ("q1", "HP", "1st"), ("q2", "MS", "3rd")])
    design = build_design(some, Model(means=("group",), block="subject"), study, "x")
    pairs = describe_contrast(design, weights, some)
    assert (pairs.n_subjects, pairs.n_complete) == (6, 4)
