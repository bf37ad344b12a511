"""What a study calls people and timepoints: two nouns of study.yml, and their faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.load import load_study
from cohortmart.core.study.records import Study
from cohortmart.core.study.study_copy import StudyCopy
from cohortmart.core.text import Noun, Nouns
from cohortmart.core.warehouse.home import Home

STUDY = """\
study: tiny
samples: {file: s.csv, sample: id, subject: subject, group: group, timepoint: time}
timepoints: [1st, 3rd]
groups: [HP, MS]
assays:
  rna: {kind: counts, files: [counts.tsv]}
"""


def load(folder: Path, *lines: str) -> Study:
    file = folder / "study.yml"
    file.write_text("\n".join([STUDY, *lines, ""]), encoding="utf-8")
    return load_study(file)


def test_a_study_that_says_nothing_has_people_and_timepoints(tmp_path: Path) -> None:
    assert load(tmp_path).nouns == Nouns()


@pytest.mark.parametrize(
    ("one", "many"),
    [("patient", "patients"), ("blood donor", "blood donors"), ("Proband-in", "Probandinnen"),
     ("sujet âgé", "sujets âgés"), ("sheep", "sheep")],
)  # fmt: skip
def test_nouns_are_those_of_the_file(tmp_path: Path, one: str, many: str) -> None:
    study = load(tmp_path, f"subject_noun: [{one}, {many}]", "timepoint_noun: [visit, visits]")
    assert study.nouns == Nouns(Noun(one, many), Noun("visit", "visits"))
    assert StudyCopy(Home(tmp_path)).nouns == study.nouns


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        ("subject_noun: patient", 15, ["two nouns", "patient", "square brackets"]),
        ("subject_noun: [patient]", 15, ["two nouns", "[patient, patients]"]),
        ("timepoint_noun: [a, b, c]", 17, ["two nouns"]),
        ("subject_noun: [patient, 'the 3 patients']", 25, ["`the 3 patients`", "noun of letters"]),
        ("subject_noun: ['patient ', p_tients]", 28, ["`p_tients`", "a hyphen or a space"]),
        ("subject_noun: [a  b, bs]", 16, ["`a  b`"]),
        ("subject_noun: [sample, samples]", 16, ["`sample`", "are called so already"]),
        ("timepoint_noun: [time, Samples]", 24, ["`Samples`"]),
        ("subject_noun: ['', patients]", 16, ["not empty"]),
        ("subject_noun: [7, 8]", 16, ["`7` cannot stand in a sentence"]),
        ("subject_nouns: [a, b]", 1, ["did you mean `subject_noun`?"]),
    ],
)  # fmt: skip
def test_faults_have_a_place_and_a_cure(
    tmp_path: Path, line: str, column: int, said: list[str]
) -> None:
    with pytest.raises(StudyError) as caught:
        load(tmp_path, line)
    message = str(caught.value)
    assert message.splitlines()[0].startswith(f"{tmp_path}/study.yml, line 8, column {column}: ")
    assert [words for words in said if words not in message] == []


def test_the_copy_orders_names_and_needs_no_file(tmp_path: Path) -> None:
    nothing = StudyCopy(Home(tmp_path))
    assert (nothing.study, nothing.nouns) == (tmp_path.name, Nouns())
    assert nothing.sorted("groups", {"b", "a"}) == ("a", "b")
    load(tmp_path)
    copy = StudyCopy(Home(tmp_path))
    assert copy.study == "tiny"
    assert copy.sorted("groups", {"MS", "HP", "AA"}) == ("HP", "MS", "AA")
