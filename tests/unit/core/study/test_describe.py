"""What study.yml says of its columns under `describe`, and what stands there if it says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.descriptions import declared_columns, description
from cohortmart.core.study.load import load_study
from cohortmart.core.study.records import Study
from cohortmart.core.study.variables import study_variables

STUDY = """\
study: tiny
samples:
  - {file: s.csv, sample: id, subject: person, group: disease, timepoint: time,
     visit_key: [state, plate], covariates: [age]}
  - {file: people.tsv, subject: who, covariates: [age, dose]}
timepoints: [1st, 3rd]
groups: [HP, MS]
assays:
  rna: {kind: counts, files: [counts.tsv]}
"""
LONE = """\
study: tiny
samples: {file: s.csv, sample: id, subject: person}
assays:
  rna: {kind: counts, files: [counts.tsv]}
"""


def load(folder: Path, text: str) -> Study:
    file = folder / "study.yml"
    file.write_text(text, encoding="utf-8")
    return load_study(file)


def descriptions(study: Study) -> dict[str, str | None]:
    return {v.name: description(v, study) for v in study_variables(study)}


def test_columns_without_words_name_their_header_and_file(tmp_path: Path) -> None:
    assert descriptions(load(tmp_path, STUDY)) == {
        "study_group": "Column `disease` of s.csv.",
        "timepoint": "Column `time` of s.csv.",
        "cell_type": None,
        "subject_id": "Column `person` of s.csv and `who` of people.tsv.",
        "visit_key": "Columns `state` and `plate`, joined by |.",
        "state": "Column `state` of s.csv.",
        "plate": "Column `plate` of s.csv.",
        "age": "Column `age` of s.csv and `age` of people.tsv.",
        "dose": "Column `dose` of people.tsv.",
    }


def test_words_of_the_study_come_first(tmp_path: Path) -> None:
    words = 'describe:\n  age: "age at inclusion,\n    years"\n  disease: diagnosis\n  plate: 7\n'
    found = descriptions(load(tmp_path, STUDY + words))
    assert found["age"] == "age at inclusion, years"
    assert found["study_group"] == "diagnosis"
    assert found["plate"] == "7"
    assert found["dose"] == "Column `dose` of people.tsv."


def test_no_column_stands_behind_one_group_and_one_visit(tmp_path: Path) -> None:
    found = descriptions(load(tmp_path, LONE))
    assert (found["study_group"], found["timepoint"]) == (None, None)
    assert found["subject_id"] == "Column `person` of s.csv."


def test_what_can_be_described(tmp_path: Path) -> None:
    assert declared_columns(load(tmp_path, STUDY)) == (
        "person", "disease", "time", "who", "state", "plate", "age", "dose",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        ("describe: {Age: years}", 12, ["`Age`", "one of person, disease", "mean `age`?"]),
        ("describe: {age: years, qqq: x}", 24, ["`qqq`", "no column that `samples` declares",
                                                "under `factors` or `covariates`"]),
        ("describe: {age: ''}", 17, ["age", "not empty"]),
        ("describe: [age]", 11, ["describe"]),
    ],
)  # fmt: skip
def test_faults_have_a_place_and_a_cure(
    tmp_path: Path, line: str, column: int, said: list[str]
) -> None:
    with pytest.raises(StudyError) as caught:
        load(tmp_path, STUDY + line + "\n")
    message = str(caught.value)
    assert f"{tmp_path}/study.yml, line 10, column {column}: " in message.splitlines()[0]
    assert [words for words in said if words not in message] == []
