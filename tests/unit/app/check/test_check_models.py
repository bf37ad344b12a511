"""`cohortmart check` on curves, the subject as a fixed effect, permutations and further fits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from cohortmart.app.check.analysis import AnalysisCheck, ContrastCheck
from cohortmart.app.check.cost import further_seconds
from cohortmart.app.check.report import check_study
from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Analysis, Study
from tests.support.small_study import ROWS, said, write_study

#: As ROWS, with the week in place of the age: two women of each group at both visits.
WEEKS = [
    (*row[:4], str(week))
    for row, week in zip(ROWS, (11, 35, 12, 36, 13, 9, 33, 10, 34, 30), strict=True)
]
CURVE = "{curve: {of: age, knots: [12, 34]}, block: subject}"
CHANGES = "{time_within_group: all, interaction: all}"


def text_of(folder: Path, **keys: object) -> str:
    return said(write_study(folder, **{"rows": WEEKS, **keys}))  # type: ignore[arg-type]


def faults_of(folder: Path, **keys: object) -> tuple[str, Sequence[str]]:
    report = check_study(write_study(folder, **keys))  # type: ignore[arg-type]
    return " ".join(report.text.split()), report.faulty


def test_a_curve(tmp_path: Path) -> None:
    text = text_of(tmp_path, model=CURVE, contrasts="{time_within_group: all, interaction: all}")
    assert (
        "model: a natural spline of age with knots at 12, 34 for each group: HP (5), MS (5) "
        "samples; samples of one subject are correlated; 6 residual degrees of freedom" in text
    )
    assert "HP_34-12 yes change within people 2 of 3 people at several ages" in text
    assert (
        "MSvsHP_34-12 yes change, compared between groups 4 of 6 people at several ages "
        "(HP 2, MS 2)" in text
    )
    text = text_of(tmp_path, model=CURVE, contrasts="{group_within_time: all}")
    assert "MSvsHP_12 yes between groups of people 3 MS against 3 HP" in text


def test_samples_that_are_not_on_the_curve_are_noted(tmp_path: Path) -> None:
    rows = [*WEEKS, ("m4", "MS", "1st", "A", "0"), ("h4", "HP", "3rd", "A", "NA")]
    positive = CURVE.replace("34]", "34], positive: true")
    text = text_of(tmp_path, rows=rows, model=positive, contrasts="{time_within_group: all}")
    assert "Analysis main: 10 samples of 6 people" in text
    assert (
        "note: 2 of the 12 chosen samples have no positive `age` and are not on the curve "
        "(1st 1, 3rd 1)" in text
    )


def test_zero_is_a_value_and_doubted_where_it_looks_like_a_code(tmp_path: Path) -> None:
    first = [(*row[:4], "0" if row[2] == "1st" else row[4]) for row in WEEKS]
    knots = CURVE.replace("12,", "0,")
    text = text_of(tmp_path, rows=first, model=knots, contrasts="{time_within_group: all}")
    assert "HP_34-0 yes change within people" in text
    assert "WARNING: `age`" not in text
    code = [*first, ("m4", "MS", "3rd", "A", "0")]
    text = text_of(tmp_path, rows=code, model=knots, contrasts="{time_within_group: all}")
    assert "WARNING: `age` is 0 at several timepoints (1st 5, 3rd 1)" in text
    assert "can be computed; read the warnings above: main" in text


def test_a_curve_of_too_few_weeks_is_a_fault(tmp_path: Path) -> None:
    model = "{curve: {of: age, knots: [12, 20, 28, 34], by: batch}}"
    text, faulty = faults_of(tmp_path, rows=WEEKS[:6], model=model, contrasts="{x: A.12 - A.34}")
    assert "CANNOT BE COMPUTED: analysis main: the curve of B cannot be told from" in text
    assert faulty == ("main",)


def test_the_subject_as_a_fixed_effect(tmp_path: Path) -> None:
    text = text_of(
        tmp_path, model="{means: [group, timepoint], within: subject}", contrasts=CHANGES
    )
    assert "each subject has its own level; 2 residual degrees of freedom" in text
    assert (
        "note: `subject` is in the model, so only differences within a subject can be estimated; "
        "it absorbs group, which does not vary within one" in text
    )
    assert "HP_3rd-1st yes change within people 2 complete pairs" in text
    assert "but rank" not in text
    between, faulty = faults_of(
        tmp_path,
        model="{means: [group, timepoint], within: subject}",
        contrasts="{MSvsHP_1st: MS.1st - HP.1st, HP_3rd-1st: HP.3rd - HP.1st}",
    )
    assert "CANNOT BE ESTIMATED: MSvsHP_1st: it is between people, and `subject` is in" in between
    assert "HP_3rd-1st yes" in between
    assert faulty == ("main",)


def test_the_subject_in_a_formula_is_not_listed(tmp_path: Path) -> None:
    model = "{formula: 'timepoint', within: subject}"
    text = text_of(tmp_path, model=model, contrasts="{x: '`timepoint[T.3rd]`'}")
    assert "model: timepoint; columns Intercept, timepoint[T.3rd]; each subject has" in text
    assert "x yes change within people 4 complete pairs" in text


def test_permutations_leave_out_what_they_cannot_test(tmp_path: Path) -> None:
    families = "{time_within_group: all, group_within_time: all, interaction: all}"
    text = text_of(tmp_path, contrasts=families, more="permutations: {n: 99}")
    assert "left out of them: MSvsHP_1st, MSvsHP_3rd." in text
    assert "left out of them" not in text_of(tmp_path, contrasts=families)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("permutations: {contrasts: [HP_3rd-1st, MSvsHP_1st]}", "found: MSvsHP_1st"),
        ("permutations: {contrasts: [HP_3rd-1ts]}", "did you mean `HP_3rd-1st`?"),
        ("sensitivity: {contrasts: [HP_3rd-1ts]}", "`sensitivity` names a contrast that"),
        ("joint_tests: {t: [HP_3rd-1ts]}", "did you mean `HP_3rd-1st`?"),
    ],
)
def test_refusals(tmp_path: Path, more: str, words: str) -> None:
    # a family, so that the names are not known from study.yml alone
    contrasts = "{time_within_group: all, MSvsHP_1st: MS.1st - HP.1st}"
    text, faulty = faults_of(tmp_path, contrasts=contrasts, more=more)
    assert "CANNOT BE COMPUTED" in text
    assert words in text
    assert faulty == ("main",)


def test_permutations_of_nothing(tmp_path: Path) -> None:
    text, faulty = faults_of(
        tmp_path, contrasts="{MSvsHP_1st: MS.1st - HP.1st}", more="permutations: {n: 99}"
    )
    assert "`permutations` cannot test a contrast between people" in text
    assert "leave `permutations` out, or add such contrasts" in text
    assert faulty == ("main",)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("{means: [group, timepoint], covariates: [age]}", "the covariate `age` is 30 in every"),
        ("{means: [group], covariates: [batch], block: subject}", "block `subject` is the same as"),
    ],
)
def test_models_that_cannot_be(tmp_path: Path, model: str, words: str) -> None:
    rows = [(*r[:3], f"of {r[0]}", "30") for r in ROWS]
    text, faulty = faults_of(tmp_path, rows=rows, model=model)
    assert words in text
    assert faulty == ("main",)


def test_further_fits_take_their_time() -> None:
    study = Study.model_construct(samples=())
    check = AnalysisCheck(
        samples=pl.DataFrame({"sample_id": [f"s{i}" for i in range(60)]}),
        contrasts=tuple(ContrastCheck(f"c{i}", "") for i in range(4)),
        unpermutable=("c0",),
    )

    def seconds(**keys: object) -> float:
        given = {"model": {"means": ["group"]}, "contrasts": {"x": "a"}, **keys}
        analysis = Analysis.model_validate({"assay": "rna", "values": "log_cpm", **given})
        return further_seconds(analysis, 10_000.0, check, study)

    plain = seconds()  # the variance of every feature is parted in any case
    assert 0.1 < plain < 1
    assert 1 < seconds(values="voom") < 5
    own = {"means": ["group"], "block": "subject", "correlation": "per_feature"}
    assert 0.1 < seconds(model=own) < seconds(model=own, values="voom") < 10
    assert seconds(array_weights=True) > 0.1
    assert seconds(values="voom", voom={"rounds": 2}) > 1
    # 3 of the 4 contrasts can be permuted
    all_of_them = seconds(permutations={"n": 1000}) - plain
    one_of_them = seconds(permutations={"n": 1000, "contrasts": ["c1"]}) - plain
    assert all_of_them == pytest.approx(3 * one_of_them)
    assert 5 < all_of_them < 60
    assert seconds(sensitivity={"batch": "batch"}) > seconds(sensitivity={}) > 1
    visits = {"reference": "HP", "from": "MS.1st", "to": ["MS.3rd"]}
    two = {**visits, "to": ["MS.3rd", "MS.PP"]}
    assert plain < seconds(return_to=visits) < seconds(return_to=two)
    tables = {"a": "/x/a.csv", "b": "/x/b.csv"}
    of_one = seconds(signatures={"a": "/x/a.csv"}) - plain
    assert of_one < seconds(signatures=tables) - plain < 2 * of_one
    assert seconds(dmr={}) > plain


def test_a_group_that_changes_within_a_person(tmp_path: Path) -> None:
    crossed = [
        (f"x{i}", arm, visit, "A", "30")
        for i in range(6)
        for visit, arm in zip(("1st", "3rd"), ("HP", "MS") if i % 2 else ("MS", "HP"), strict=True)
    ]
    text = text_of(
        tmp_path,
        rows=crossed,
        model="{means: [group, timepoint], block: subject}",
        contrasts="{drug: (MS.1st + MS.3rd - HP.1st - HP.3rd) / 2, MSvsHP_1st: MS.1st - HP.1st}",
    )
    assert "note: the group changes within 6 of 6 people" in text
    assert "without a sample at" not in text
    assert "drug yes change within people 6 complete pairs" in text
    assert "MSvsHP_1st yes between groups of people 3 MS.1st against 3 HP.1st" in text


def test_the_column_of_the_group_as_visit_key_is_not_confounded_with_it(tmp_path: Path) -> None:
    both = [(f"x{i}", arm, "1st", "A", "30") for i in range(6) for arm in ("HP", "MS")]
    study = write_study(tmp_path, rows=both, model="{means: [group], within: subject}",
                        contrasts="{x: MS - HP}")  # fmt: skip
    with pytest.raises(IngestError, match="two samples of one person") as caught:
        check_study(study)
    assert "give the column `group` another name in the sheet, and name it under `visit_key`" in (
        caught.value.hint or ""
    )
    text = study.read_text().replace("  group: group\n", "  group: arm\n  visit_key: [arm]\n")
    study.write_text(text)
    sheet = tmp_path / "samples.csv"
    sheet.write_text(sheet.read_text().replace(",group,", ",arm,"))
    found = said(study)
    assert "x yes change within people 6 complete pairs (6 MS against 6 HP)" in found
    assert "confounded" not in found
