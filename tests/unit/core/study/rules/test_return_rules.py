"""study.yml: differences that may return to a reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.load import load_study
from cohortmart.core.study.records import STEP_KEYS, Study

GOOD = """\
study: tiny
samples: {file: s.csv, sample: s, subject: p, group: g, timepoint: t, factors: [batch]}
timepoints: [1st, 3rd, PP]
groups: [HP, MS, RA]
assays:
  rna: {kind: counts, files: [counts.tsv]}
analyses:
  main:
    assay: rna
    values: voom
    model: {means: [group, timepoint], block: subject}
    contrasts: {group_within_time: all}
    return_to: {reference: HP, from: MS.1st, to: [MS.3rd, MS.PP]}
"""
LINE = 13


def load(folder: Path, text: str) -> Study:
    file = folder / "study.yml"
    file.write_text(text, encoding="utf-8")
    return load_study(file)


def test_one_return_or_several(tmp_path: Path) -> None:
    (one,) = load(tmp_path, GOOD).analyses["main"].return_to
    assert (one.reference, one.baseline, one.to) == ("HP", "MS.1st", ("MS.3rd", "MS.PP"))
    assert (one.name, one.margin) == ("MS.1st to HP", 0.5)
    assert "return_to" in STEP_KEYS  # no contrast is fitted again for it
    several = GOOD.replace(
        "{reference: HP, from: MS.1st, to: [MS.3rd, MS.PP]}",
        "[{reference: HP, from: MS.1st, to: MS.3rd}, {reference: HP.PP, from: RA.1st, to: RA.PP}]",
    )
    found = load(tmp_path, several).analyses["main"].return_to
    assert [o.name for o in found] == ["MS.1st to HP", "RA.1st to HP.PP"]
    assert [o.to for o in found] == [("MS.3rd",), ("RA.PP",)]


#: What is written in place of what, the problem, and the hint.
FAULTS = (
    ("reference: HP", "reference: HP.PPP", "`HP.PPP` is neither a group nor a mean", "HP.PP"),
    ("from: MS.1st", "from: MS.1ts", "there is no mean `MS.1ts`", "MS.1st"),
    ("MS.PP]", "MS.Pp]", "there is no mean `MS.Pp`", "MS.PP"),
    ("MS.PP]", "MS.1st]", "`MS.1st` is the baseline, too", "take it out"),
    ("MS.PP]", "MS.3rd]", "`MS.3rd` stands twice in `to`", "delete"),
    ("to: [MS.3rd, MS.PP]", "to: []", "", ""),
    ("MS.PP]}", "MS.PP], margin: 1.5}", "", ""),
    ("from:", "form:", "form", "from"),
    (
        "{reference: HP, from: MS.1st, to: [MS.3rd, MS.PP]}",
        "[{reference: HP, from: MS.1st, to: MS.3rd}, {reference: HP, from: MS.1st, to: MS.PP}]",
        "two entries of `return_to` are called `MS.1st to HP`",
        "join",
    ),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new", "problem", "hint"), FAULTS)
def test_faults(tmp_path: Path, old: str, new: str, problem: str, hint: str) -> None:
    assert old in GOOD
    with pytest.raises(StudyError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert problem in caught.value.problem
    assert caught.value.line == LINE
    assert hint in str(caught.value.hint)


def test_a_sum_of_means_is_left_to_the_design(tmp_path: Path) -> None:
    text = GOOD.replace("reference: HP", 'reference: "(HP.1st + HP.PP) / 2"')
    assert load(tmp_path, text).analyses["main"].return_to[0].reference == "(HP.1st + HP.PP) / 2"
    formula = GOOD.replace("means: [group, timepoint]", 'formula: "0 + group:timepoint + batch"')
    formula = formula.replace("{group_within_time: all}", "{c: MS.3rd - MS.1st}")
    assert load(tmp_path, formula.replace("from: MS.1st", "from: 1st.MS"))
