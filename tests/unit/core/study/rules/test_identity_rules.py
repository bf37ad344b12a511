"""The column of the sex: named, found by its name, or refused with the nearest that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.load import load_study
from cohortmart.core.study.records import Study
from cohortmart.core.study.sex import sex_column, sex_of

STUDY = """\
study: tiny
samples: {file: s.csv, sample: id, subject: person, factors: [batch, Gender], covariates: [age]}
assays:
  rna: {kind: counts, files: [counts.tsv]}
"""


def load(folder: Path, text: str) -> Study:
    file = folder / "study.yml"
    file.write_text(text, encoding="utf-8")
    return load_study(file)


def test_it_is_found_by_its_name_unless_another_is_named(tmp_path: Path) -> None:
    assert sex_column(load(tmp_path, STUDY)) == "Gender"
    assert sex_column(load(tmp_path, STUDY + "identity: {sex: batch}\n")) == "batch"
    assert sex_column(load(tmp_path, STUDY.replace("Gender", "slide"))) is None


def test_a_study_whose_groups_are_the_sexes_says_it_by_its_group(tmp_path: Path) -> None:
    grouped = STUDY.replace("Gender", "slide").replace("person,", "person, group: Sex,")
    grouped += "groups: [F, M]\n"
    assert sex_column(load(tmp_path, grouped)) == "study_group"
    assert sex_column(load(tmp_path, grouped + "identity: {sex: Sex}\n")) == "study_group"
    assert sex_column(load(tmp_path, grouped.replace("Sex", "arm"))) is None


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as raised:
        load(tmp_path, STUDY + "identity: {sex: gender}\n")
    said = str(raised.value)
    assert "`identity.sex` names `gender`, which is no column that `samples` declares" in said
    assert "Gender" in said
    assert raised.value.line == 5
    with pytest.raises(StudyError, match="gendre"):
        load(tmp_path, STUDY + "identity: {gendre: age}\n")


@pytest.mark.parametrize(
    ("word", "sex"),
    [("F", "female"), (" Female", "female"), ("male", "male"), ("M", "male"), ("XY", "male"),
     ("1", None), ("", None), (None, None), ("unknown", None)],
)  # fmt: skip
def test_words_of_the_sex(word: str | None, sex: str | None) -> None:
    assert sex_of(word) == sex
