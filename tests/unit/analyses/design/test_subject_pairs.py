from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
import pytest

from analyses.design.contrasts import contrast_weights
from analyses.design.model_matrix import build_design
from analyses.design.subject_pairs import ContrastPairs, describe_contrast
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study


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


@pytest.mark.parametrize("extra", ["", " + age", " + library_batch + age"])
@pytest.mark.parametrize(
    ("text", "of_means"),
    [
        ("group[MS]:timepoint[3rd] - group[MS]:timepoint[1st]", "MS.3rd - MS.1st"),
        ("group[MS]:timepoint[3rd] - group[HP]:timepoint[3rd]", "MS.3rd - HP.3rd"),
        ("(group[MS]:timepoint[3rd] - group[MS]:timepoint[1st])"
         " - (group[HP]:timepoint[3rd] - group[HP]:timepoint[1st])",
         "(MS.3rd - MS.1st) - (HP.3rd - HP.1st)"),
        ("(group[HP]:timepoint[1st] + group[HP]:timepoint[2nd])/2 - group[HP]:timepoint[3rd]",
         "(HP.1st + HP.2nd)/2 - HP.3rd"),
    ],
)  # fmt: skip
def test_a_formula_uses_people_as_the_means_do(
    samples: pl.DataFrame, study: Study, text: str, of_means: str, extra: str
) -> None:
    if "library_batch" in extra:  # formulaic then codes the means otherwise
        text = re.sub(r"group\[(\w+)\]:timepoint\[(\w+)\]", _beside_a_batch, text)
    found = [
        describe_contrast(design, contrast_weights(design, "n", t), samples)
        for design, t in (
            (build_design(samples, Model(formula="0 + group:timepoint" + extra), study, "x"), text),
            (build_design(samples, Model(means=("group", "timepoint")), study, "x"), of_means),
        )
    ]
    assert found[0] == found[1]


def _beside_a_batch(cell: re.Match[str]) -> str:
    group, timepoint = cell.groups()
    time = "" if timepoint == "1st" else f"timepoint[T.{timepoint}]"
    extra = f"group[T.MS]:timepoint[{timepoint}]" if group == "MS" else ""
    parts = [p for p in (time, extra) if p]
    # HP.1st is the reference, whose weights cancel in a difference
    return f"({' + '.join(parts)})" if parts else "(0 * timepoint[T.2nd])"


@pytest.mark.parametrize(
    ("formula", "text", "expected"),
    [
        # all women at the two visits, whatever their group
        ("group + timepoint", "timepoint[T.3rd]", ContrastPairs("within", 11, 6, 5)),
        ("group + timepoint", "group[T.MS]", ContrastPairs("between", 16, 6, 0)),
        ("group * timepoint", "timepoint[T.3rd]", ContrastPairs("within", 6, 3, 3)),
        ("group * timepoint", "group[T.MS]", ContrastPairs("between", 6, 6, 0)),
        ("group * timepoint", "group[T.MS]:timepoint[T.3rd]", ContrastPairs("mixed", 11, 6, 5)),
    ],
)
def test_coefficients_of_a_formula(
    samples: pl.DataFrame, study: Study, formula: str, text: str, expected: ContrastPairs
) -> None:
    design = build_design(samples, Model(formula=formula), study, "x")
    assert describe_contrast(design, contrast_weights(design, "n", text), samples) == expected


def test_the_slope_of_a_number(samples: pl.DataFrame, study: Study) -> None:
    def found(ages: dict[str, float], **model: object) -> ContrastPairs:
        aged = samples.with_columns(
            age=pl.concat_str("subject_id", "timepoint").replace_strict(
                ages, default=None, return_dtype=pl.Float64
            )
        )
        design = build_design(
            aged, Model.model_validate({"covariates": ["age"], **model}), study, "x"
        )
        return describe_contrast(design, contrast_weights(design, "n", "age"), aged)

    cells = list(samples.select("subject_id", "timepoint").iter_rows())
    of_woman = {s + t: float(ord(s[1])) for s, t in cells}
    assert found(of_woman, means=["group"]) == ContrastPairs("between", 16, 6, 0)
    varied = {s + t: float(i * 7 % 11) for i, (s, t) in enumerate(cells)}
    assert found(varied, means=["group"]).kind == "mixed"
    inside = found(varied, means=["timepoint"], within="subject")
    assert (inside.kind, inside.n_subjects, inside.n_complete) == ("within", 6, 6)


def test_a_covariate_that_is_a_category(samples: pl.DataFrame, study: Study) -> None:
    model = Model(means=("group", "timepoint"), covariates=("library_batch",))
    design = build_design(samples, model, study, "x")
    found = describe_contrast(design, contrast_weights(design, "n", "library_batchB"), samples)
    with_both = samples.group_by("subject_id").agg(pl.col("library_batch").n_unique() > 1)
    assert found == ContrastPairs("within", 16, 6, int(with_both["library_batch"].sum()))


def test_a_design_without_its_variables(samples: pl.DataFrame, study: Study) -> None:
    design = build_design(samples, Model(formula="0 + group:timepoint"), study, "x")
    bare = replace(design, column_variables=(), categories={})
    weights = contrast_weights(bare, "n", "group[MS]:timepoint[3rd] - group[HP]:timepoint[3rd]")
    assert describe_contrast(bare, weights, samples) == ContrastPairs("between", 5, 5, 0)
