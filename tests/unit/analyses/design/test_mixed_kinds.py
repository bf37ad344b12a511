"""Cell types and states that an analysis mixes: found unless its model knows them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analyses.design.mixed_kinds import MixedKinds, mixed_kinds, mixed_kinds_words
from analyses.design.model_matrix import build_design
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Analysis, SampleSheet, Study

Make = Callable[..., pl.DataFrame]
MEANS = ("group", "timepoint")
ROWS = [(f"{g}{i}", g, t) for g in ("HP", "MS") for i in range(4) for t in ("1st", "3rd")]
CELLS = ["CD4", "CD8"]
#: Both cell types of every visit.
TWICE = [row for row in ROWS for _ in CELLS]
BOTH = CELLS * len(ROWS)


@pytest.fixture
def keyed(study: Study) -> Study:
    """The small study, `state` and `library_batch` both factors and the state a visit key."""
    sheet = SampleSheet(
        file=Path("samples.csv"),
        subject="subject",
        visit_key=("state",),
        factors=("library_batch",),
        covariates=("age", "proportion_memory"),
    )
    return study.model_copy(update={"samples": (sheet,)})


def found(samples: pl.DataFrame, study: Study, **model: Any) -> tuple[MixedKinds, ...]:
    made = Model.model_validate(model)
    return mixed_kinds(samples, build_design(samples, made, study, "analysis x"), made, study)


def analysis(where: str | None = None, **model: Any) -> Analysis:
    return Analysis.model_validate(
        {"assay": "rna", "where": where, "values": "voom", "model": model, "contrasts": {"x": "a"}}
    )


def test_two_cell_types_are_counted(make_samples: Make, keyed: Study) -> None:
    samples = make_samples(TWICE, cell_type=BOTH)
    one = (MixedKinds("cell_type", (("CD4", 16), ("CD8", 16)), confounded=False),)
    assert found(samples, keyed, means=MEANS, block="subject") == one
    assert found(samples, keyed, means=MEANS, within="subject") == one
    assert found(samples, keyed, formula="0 + group:timepoint") == one
    assert found(samples, keyed, means=MEANS, baseline="HP.1st") == one
    few = samples.filter(pl.col("cell_type") == "CD8")
    assert found(few, keyed, means=MEANS) == ()


@pytest.mark.parametrize("column", ["cell_type", "state"])
@pytest.mark.parametrize(
    "model",
    [
        {"means": (*MEANS, "{}")},
        {"means": MEANS, "covariates": ("{}",)},
        {"means": MEANS, "within": "{}"},
        {"formula": "0 + group:timepoint + {}"},
        {"formula": "0 + group:timepoint:{}"},
        {"curve": {"of": "age", "by": "{}", "df": 1}},
        {"curve": {"of": "age", "by": "group", "df": 1}, "covariates": ("{}",)},
    ],
)
def test_a_model_that_names_the_column_knows_it(
    make_samples: Make, keyed: Study, column: str, model: dict[str, Any]
) -> None:
    samples = make_samples(TWICE, **{column: BOTH})
    named = json.loads(json.dumps(model).replace("{}", column))
    assert found(samples, keyed, **named) == ()
    without = {"curve": {"of": "age", "by": "group", "df": 1}} if "curve" in model else None
    assert [k.column for k in found(samples, keyed, **(without or {"means": MEANS}))] == [column]


def test_what_says_the_same_as_the_column_knows_it(make_samples: Make, keyed: Study) -> None:
    same = {"CD4": "x", "CD8": "y"}
    samples = make_samples(TWICE, cell_type=BOTH, library_batch=[same[c] for c in BOTH])
    assert found(samples, keyed, means=MEANS, covariates=("library_batch",)) == ()
    assert found(samples, keyed, means=(*MEANS, "library_batch")) == ()
    assert found(samples, keyed, formula="0 + group:timepoint + library_batch") == ()
    people = ["CD4" if r[0].endswith(("0", "1")) else "CD8" for r in ROWS]
    own = make_samples(ROWS, cell_type=people)
    assert found(own, keyed, means=MEANS, within="subject") == ()
    assert len(found(own, keyed, means=MEANS, block="subject")) == 1


def test_a_factor_that_is_no_visit_key_is_no_kind(make_samples: Make, study: Study) -> None:
    assert found(make_samples(TWICE, state=BOTH), study, means=MEANS) == ()


def test_a_cell_type_that_goes_with_the_groups_is_confounded(
    make_samples: Make, keyed: Study
) -> None:
    samples = make_samples(ROWS, cell_type=["CD4" if r[1] == "HP" else "CD8" for r in ROWS])
    for model in ({"means": MEANS}, {"means": (*MEANS, "library_batch")},
                  {"formula": "~ group + timepoint"}):  # fmt: skip
        (kinds,) = found(samples, keyed, **model)
        assert kinds.confounded
        said = mixed_kinds_words(kinds, analysis(**model))
        assert "the samples cannot tell the two apart" in said
        assert "among the means" not in said


def test_samples_without_a_cell_type_are_a_kind(make_samples: Make, keyed: Study) -> None:
    none = make_samples(TWICE, cell_type=[None] * len(TWICE))
    assert found(none, keyed, means=MEANS) == ()
    some = make_samples(TWICE, cell_type=["CD8" if c == "CD8" else None for c in BOTH])
    (kinds,) = found(some, keyed, means=MEANS)
    assert kinds.counts == (("CD8", 16), (None, 16))
    said = mixed_kinds_words(kinds, analysis(means=MEANS))
    assert "(CD8 16, none 16)" in said
    assert said.endswith("among the means, once every sample has a cell_type")
    blank = make_samples(TWICE, cell_type=["CD8" if c == "CD8" else "" for c in BOTH])
    assert found(blank, keyed, means=MEANS) == (kinds,)


def test_columns_that_part_the_samples_alike_are_said_once(
    make_samples: Make, keyed: Study
) -> None:
    turned = {"CD4": "Resting", "CD8": "Activated"}
    alike = make_samples(TWICE, cell_type=BOTH, state=[turned[c] for c in BOTH])
    assert [k.column for k in found(alike, keyed, means=MEANS)] == ["cell_type"]
    crossed = make_samples(
        [r for r in TWICE for _ in CELLS],
        cell_type=[c for c in BOTH for _ in CELLS],
        state=["Resting", "Activated"] * len(TWICE),
    )
    assert [k.column for k in found(crossed, keyed, means=MEANS)] == ["cell_type", "state"]


def test_both_ways_out_are_written_as_they_work() -> None:
    kinds = MixedKinds("cell_type", (("CD4", 27), ("CD8", 27)), confounded=False)
    said = mixed_kinds_words(kinds, analysis(means=MEANS))
    assert said.startswith("the chosen samples hold 2 values of cell_type (CD4 27, CD8 27)")
    assert """`where: "cell_type = 'CD8'"`, or put `cell_type` among the means""" in said
    said = mixed_kinds_words(kinds, analysis("study_group <> 'HC'\n or age > 3", means=MEANS))
    assert """`where: "(study_group <> 'HC' or age > 3) and cell_type = 'CD8'"`""" in said
    assert "add `cell_type` to the formula" in mixed_kinds_words(kinds, analysis(formula="~ group"))
    curved = analysis(curve={"of": "age"})
    assert "put `cell_type` among the covariates" in mixed_kinds_words(kinds, curved)
    odd = MixedKinds("my state", (("it's", 3), (None, 9)), confounded=False)
    assert """`where: "\\"my state\\" = 'it''s'"`""" in mixed_kinds_words(
        odd, analysis(means=MEANS)
    )
    many = MixedKinds("state", tuple((f"s{i}", 1) for i in range(9)), confounded=False)
    assert "9 values of state (s0 1, s1 1, s2 1, s3 1, s4 1, s5 1 and 3 more)" in (
        mixed_kinds_words(many, analysis(means=MEANS))
    )
