"""study.yml: variables that may explain changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.load import load_study
from cohortmart.core.study.records import STEP_KEYS, Study

GOOD = """\
study: tiny
samples:
  {file: s.csv, sample: s, subject: p, group: g, timepoint: t, factors: [batch],
   covariates: [age, memory, total, progesterone]}
timepoints: [1st, 3rd]
groups: [HP, MS]
assays:
  rna: {kind: counts, files: [counts.tsv]}
  hormones: {kind: continuous, files: [hormones.csv]}
analyses:
  main:
    assay: rna
    values: voom
    model: {means: [group, timepoint], covariates: [age], block: subject}
    contrasts: {HP_3rd-1st: HP.3rd - HP.1st, MS_3rd-1st: MS.3rd - MS.1st}
    explained_by: {variables: [memory, progesterone], contrasts: [HP_3rd-1st]}
"""


def load(folder: Path, text: str) -> Study:
    file = folder / "study.yml"
    file.write_text(text, encoding="utf-8")
    return load_study(file)


def test_a_good_study(tmp_path: Path) -> None:
    options = load(tmp_path, GOOD).analyses["main"].explained_by
    assert options is not None
    assert options.variables == ("memory", "progesterone")
    assert options.contrasts == ("HP_3rd-1st",)
    assert "explained_by" in STEP_KEYS  # no contrast is fitted again for it
    families = GOOD.replace("HP_3rd-1st: HP.3rd - HP.1st", "interaction: all")
    assert load(tmp_path, families.replace("[HP_3rd-1st]", "[MSvsHP_3rd-1st]"))


# message: what stands in place of `memory, progesterone`, what the hint says
FAULTS = {
    "`memroy` is no covariate of the study": ("memroy", "did you mean `memory`?"),
    "`batch` is a category, and `explained_by` takes numbers": ("batch", "`covariates`"),
    "`group` is a category": ("group", "`covariates`"),
    "`age` is in the model already": ("memory, age", "take `age` out"),
    "`memory` stands twice": ("memory, memory", "delete one"),
    "`rna` has `kind: counts`": ("rna.IL7R", "take a feature of hormones"),
    "`hormons.LH` is no covariate": ("hormons.LH", "did you mean `hormones.LH`?"),
    "a variable cannot be called `total`": ("total", "another name"),
}


@pytest.mark.parametrize("message", FAULTS)
def test_faults(tmp_path: Path, message: str) -> None:
    variables, hint = FAULTS[message]
    with pytest.raises(StudyError) as error:
        load(
            tmp_path,
            GOOD.replace("{variables: [memory, progesterone]", f"{{variables: [{variables}]"),
        )
    text = str(error.value)
    assert message in text
    assert hint in text
    assert "study.yml, line 16" in text


def test_variables_of_a_formula_or_a_curve_are_in_the_model(tmp_path: Path) -> None:
    formula = GOOD.replace(
        "{means: [group, timepoint], covariates: [age], block: subject}",
        '{formula: "0 + group:timepoint + log(memory)", block: subject}',
    )
    with pytest.raises(StudyError, match="`memory` is in the model already"):
        load(tmp_path, formula)
    curve = GOOD.replace(
        "{means: [group, timepoint], covariates: [age], block: subject}",
        "{curve: {of: memory, knots: [1, 2]}, block: subject}",
    ).replace(
        "{HP_3rd-1st: HP.3rd - HP.1st, MS_3rd-1st: MS.3rd - MS.1st}", "{HP_3rd-1st: HP.2 - HP.1}"
    )
    with pytest.raises(StudyError, match="`memory` is in the model already"):
        load(tmp_path, curve)


def test_numbers_of_an_assay(tmp_path: Path) -> None:
    measured = GOOD.replace("[memory, progesterone]", "[hormones.LH, memory]")
    options = load(tmp_path, measured).analyses["main"].explained_by
    assert options is not None
    assert options.variables == ("hormones.LH", "memory")
    inside = measured.replace("covariates: [age]", "covariates: [hormones.LH]")
    with pytest.raises(StudyError, match=r"`hormones\.LH` is in the model already"):
        load(tmp_path, inside)


def test_unknown_contrasts_and_no_variables(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no contrast `HP_3rd-2nd`"):
        load(tmp_path, GOOD.replace("[HP_3rd-1st]", "[HP_3rd-2nd]"))
    with pytest.raises(StudyError, match="variables"):
        load(tmp_path, GOOD.replace("{variables: [memory, progesterone], ", "{variables: [], "))
