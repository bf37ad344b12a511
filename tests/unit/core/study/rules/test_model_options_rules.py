"""study.yml: curve, within, correlation, joint tests, permutations and sensitivity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.load import load_study
from cohortmart.core.study.records import Study

GOOD = """\
study: tiny
samples:
  {file: s.csv, sample: s, subject: p, group: g, timepoint: t, factors: [batch],
   covariates: [week, age]}
timepoints: [1st, 3rd, PP]
groups: [HP, MS]
assays:
  rna: {kind: counts, files: [counts.tsv]}
analyses:
  main:
    assay: rna
    values: voom
    voom: {rounds: 2}
    array_weights: true
    model:
      means: [group, timepoint]
      covariates: [age]
      block: subject
      correlation: per_feature
    contrasts:
      HP_3rd-1st: HP.3rd - HP.1st
      MS_3rd-1st: MS.3rd - MS.1st
    joint_tests:
      changes: [HP_3rd-1st, MS_3rd-1st]
    permutations: {contrasts: [HP_3rd-1st], n: 99}
    sensitivity: {contrasts: [MS_3rd-1st], batch: batch, features: [G1, G2]}
"""
MEANS = "      means: [group, timepoint]\n"
CURVE = "      curve: {of: week, knots: [12, 24, 36]}\n"
TESTS = "      changes: [HP_3rd-1st, MS_3rd-1st]\n"


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Study]:
    def read(text: str) -> Study:
        file = tmp_path / "study.yml"
        file.write_text(text, encoding="utf-8")
        return load_study(file)

    return read


def test_a_good_study(load: Callable[[str], Study]) -> None:
    main = load(GOOD).analyses["main"]
    assert main.joint_tests == {"changes": ("HP_3rd-1st", "MS_3rd-1st")}
    families = GOOD.replace(MEANS, CURVE).replace("HP_3rd-1st: HP.3rd - HP.1st", "interaction: all")
    families = families.replace(TESTS, "      group x curve: [interaction]\n")
    families = families.replace("contrasts: [HP_3rd-1st]", "contrasts: [MSvsHP_36-12]")
    curve = load(families).analyses["main"].model.curve
    assert curve is not None
    assert (curve.by, curve.knots) == ("group", (12.0, 24.0, 36.0))
    inside = GOOD.replace("block: subject", "within: subject").replace("rounds: 2", "rounds: 1")
    assert load(inside.replace("      correlation: per_feature\n", ""))


def test_priors_and_spans(load: Callable[[str], Study]) -> None:
    plain = load(GOOD).analyses["main"]
    assert (plain.moderation.prior, plain.voom.span) == (None, 0.5)
    for written, span in (("adaptive", "adaptive"), ("0.4", 0.4), ("1", 1.0)):
        text = GOOD.replace("rounds: 2", f"rounds: 2, span: {written}")
        assert load(text).analyses["main"].voom.span == span
    text = GOOD.replace("    model:\n", "    moderation: {prior: moments}\n    model:\n")
    assert load(text).analyses["main"].moderation.prior == "moments"


# message: (what is replaced, by what, text on the faulty line)
FAULTS = {
    "two rounds of voom differ only by": ("      block: subject\n", "", "rounds: 2"),
    "is a correlation within blocks, and there are none": (
        "rounds: 2}\n    array_weights: true\n    model:\n", "rounds: 1}\n    model:\n",
        "correlation: per",
    ),
    "`df` says how a correlation of each feature's own is allowed for": (
        "correlation: per_feature\n", "df: kenward_roger\n", "df:",
    ),
    "did you mean `satterthwaite`?": (
        "per_feature\n", "per_feature\n      df: satterthwait\n", "df:",
    ),
    "need one correlation for all features": (
        "    contrasts:\n", "    contrast_errors: limma\n    contrasts:\n", "contrast_errors",
    ),
    "`subject` is both `within` and the block": (
        "block: subject\n", "block: subject\n      within: subject\n", "within:",
    ),
    "`group` is both in `means` and `within`": (
        "block: subject\n", "block: subject\n      within: group\n", "within:",
    ),
    "`age` is a number and cannot stand in `within`": (
        "block: subject\n", "block: subject\n      within: age\n", "within:",
    ),
    "`subjekt` is neither a role nor": (
        "block: subject\n", "block: subject\n      within: subjekt\n", "within:",
    ),
    "by `means` or by `curve`, not both": (MEANS, MEANS + CURVE, "means"),
    "by `curve` or by `formula`, not both": (
        MEANS, CURVE + "      formula: group\n", "curve",
    ),
    "`baseline` names one of the means, and there are none": (
        MEANS, CURVE + "      baseline: HP.12\n", "baseline",
    ),
    "neither `means` nor `formula` nor `curve`": (MEANS, "", "model:"),
    "`batch` is no covariate, so there is no curve": (
        MEANS, CURVE.replace("week", "batch"), "curve",
    ),
    "`weak` is no covariate": (MEANS, CURVE.replace("week", "weak"), "curve"),
    "`age` is a number and cannot stand in `by`": (
        MEANS, CURVE.replace("week,", "week, by: age,"), "curve",
    ),
    "`age` stands twice in `model`": (MEANS, CURVE.replace("week", "age"), "covariates: [age]\n"),
    "`group` stands twice in `model`": (
        MEANS + "      covariates: [age]", CURVE + "      covariates: [group]", "covariates: [gr",
    ),
    "the knots of a curve must rise": (MEANS, CURVE.replace("24", "12"), "curve"),
    "`knots` and `df` both say where": (MEANS, CURVE.replace("36]", "36], df: 5"), "curve"),
    "limma's errors are exact where all features share": (
        "    values: voom\n    voom: {rounds: 2}\n",
        "    values: log_cpm\n    contrast_errors: limma\n", "contrast_errors",
    ),
    "a knot of the curve is not positive": (
        MEANS, CURVE.replace("12, 24", "0, 24").replace("]}", "], positive: true}"), "curve",
    ),
    "a curve stands in the place of the timepoints": (
        MEANS, CURVE.replace("week,", "week, by: timepoint,"), "curve",
    ),
    "`interaction: all` compares curves": (
        f"{MEANS}      covariates: [age]",
        CURVE.replace("week,", "week, by: null,") + "      covariates: []",
        "interaction",
    ),
    "a joint test cannot be called `all contrasts`": ("changes:", "all contrasts:", "all contr"),
    "the joint test `changes` names no contrast": (
        "[HP_3rd-1st, MS_3rd-1st]", "[]", "changes:",
    ),
    "no `interaction: all`, so the name stands": (
        "[HP_3rd-1st, MS_3rd-1st]", "[interaction]", "changes:",
    ),
    "no contrast `HP_3rd-1ts`": ("[HP_3rd-1st, MS_3", "[HP_3rd-1ts, MS_3", "changes:"),
    "no contrast `HP_1st`": ("contrasts: [HP_3rd-1st]", "contrasts: [HP_1st]", "permutations"),
    "no contrast `MS_1st`": ("contrasts: [MS_3rd-1st]", "contrasts: [MS_1st]", "sensitivity"),
    "`age` is no factor of the study, but a number": ("batch: batch", "batch: age", "sensitivity"),
    "`bach` is no factor of the study": ("batch: batch", "batch: bach", "sensitivity"),
    "`G1` stands twice in `features`": ("[G1, G2]", "[G1, G1]", "sensitivity"),
    "the model does not say who they are of": (
        "      block: subject\n      correlation: per_feature\n", "", "permutations",
    ),
}  # fmt: skip


#: What else must change, so that nothing else is wrong.
FURTHER = {
    "limma's errors are exact where all features share": [("      correlation: per_feature\n", "")],
    "is a correlation within blocks, and there are none": [("      block: subject\n", "")],
    "`interaction: all` compares curves": [
        ("MS_3rd-1st: MS.3rd - MS.1st", "interaction: all"),
        (GOOD[GOOD.index("    joint_tests") :], ""),
    ],
    "the model does not say who they are of": [("rounds: 2", "rounds: 1")],
}


@pytest.mark.parametrize("message", FAULTS)
def test_a_fault_is_told_with_its_line(load: Callable[[str], Study], message: str) -> None:
    old, new, place = FAULTS[message]
    assert GOOD.count(old) == 1, "the row must change one place"
    text = GOOD.replace(old, new)
    for further in FURTHER.get(message, ()):
        text = text.replace(*further)
    with pytest.raises(StudyError) as caught:
        load(text)
    assert message in str(caught.value)
    lines = text.splitlines()
    assert caught.value.line is not None
    assert place.strip() in lines[caught.value.line - 1], lines[caught.value.line - 1]
    assert caught.value.hint


@pytest.mark.parametrize(
    ("contrast", "words"),
    [
        ("group_within_time: all", "`within: subject` takes every difference between people out"),
        ("HP_3rd: HP.3rd - HP.1st", None),
    ],
)
def test_groups_of_people_within_the_people(
    load: Callable[[str], Study], contrast: str, words: str | None
) -> None:
    text = GOOD[: GOOD.index("    joint_tests")].replace("rounds: 2", "rounds: 1")
    text = text.replace(
        "      block: subject\n      correlation: per_feature", "      within: subject"
    )
    text = text.replace("HP_3rd-1st: HP.3rd - HP.1st", contrast)
    if words is None:
        assert load(text)
        return
    with pytest.raises(StudyError, match=words):
        load(text)
    limma = text.replace(contrast, "HP_3rd: HP.3rd - HP.1st")
    with pytest.raises(StudyError, match="beside `within` no single one can be estimated"):
        load(limma + "    contrast_errors: limma\n")
