"""Numbers in place of names: kept, never given twice, and nothing else of the name left."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.core.errors import InputError
from cohortmart.core.pseudonyms import (
    KEY_FILE,
    SUBJECT,
    drop_pseudonyms,
    kept_pseudonyms,
    own_names,
)
from cohortmart.core.text import Noun

SUBJECTS = ["P1", "P10", "007"]
SAMPLES = ["P1_3rd", "S-2"]


def test_numbers_stay_the_same_and_newcomers_get_further_ones(tmp_path: Path) -> None:
    first = kept_pseudonyms(tmp_path, SUBJECTS, SAMPLES)
    assert sorted(first.subjects.values()) == ["person 1", "person 2", "person 3"]
    assert sorted(first.samples.values()) == ["sample 1", "sample 2"]
    again = kept_pseudonyms(tmp_path, [*SUBJECTS, "A"], SAMPLES)
    assert again.subjects == {**first.subjects, "A": "person 4"}


def test_the_order_is_not_that_of_the_names(tmp_path: Path) -> None:
    ids = [f"{i:03d}" for i in range(200)]
    found = kept_pseudonyms(tmp_path, ids, [])
    numbers = [int(found.subjects[i].split()[1]) for i in ids]
    assert sorted(numbers) == list(range(1, 201))
    assert numbers != sorted(numbers)
    other = kept_pseudonyms(tmp_path / "other", ids, [])
    assert other.subjects != found.subjects


def test_words_lose_every_name(tmp_path: Path) -> None:
    names = kept_pseudonyms(tmp_path, SUBJECTS, SAMPLES)
    text = names.words("P1 and P10 gave P1_3rd; not XP1; where person <> '007', 2007 or 007")
    assert "P10" not in text
    assert "P1_3rd" not in text
    assert "XP1" in text
    assert f"'{names.subjects['007']}'" in text
    assert "2007 or 007" in text  # a number outside quotes is a number
    assert own_names(SUBJECTS, SAMPLES).words("P1") == "P1"


def test_names_inside_names_are_found(tmp_path: Path) -> None:
    names = kept_pseudonyms(tmp_path, [*SUBJECTS, "12", "MS", "a.b"], SAMPLES, ["MS", "HP"])
    of = names.subjects
    assert names.words("without_P1_3rd-1st") == f"without_{names.samples['P1_3rd']}-1st"
    assert names.words("no_P10_ P100") == f"no_{of['P10']}_ P100"
    assert names.words("subjectP1 = subject12 + subject123") == (
        f"subject{of['P1']} = subject{of['12']} + subject123"
    )
    assert names.words("a.b, axb and a.bc") == f"{of['a.b']}, axb and a.bc"
    # a person called as a group: only where it is said that people are meant
    assert names.words("MS, 'MS', MS_3rd") == "MS, 'MS', MS_3rd"
    assert names.words("subject_id in (12, 'MS') and age < 123") == (
        f"subject_id in ({of['12']}, '{of['MS']}') and age < 123"
    )


@pytest.mark.parametrize("number", [1, 3])
def test_forgotten_people_leave_the_list_and_their_number_is_not_given_again(
    tmp_path: Path, number: int
) -> None:
    first = kept_pseudonyms(tmp_path, SUBJECTS, SAMPLES)
    gone = next(name for name, shown in first.subjects.items() if shown == f"person {number}")
    drop_pseudonyms(tmp_path, lambda kind, name: kind == SUBJECT and name == gone)
    listed = [line.split(",")[1] for line in (tmp_path / KEY_FILE).read_text().splitlines()]
    assert gone not in listed
    left = [s for s in SUBJECTS if s != gone]
    again = kept_pseudonyms(tmp_path, [*left, "N"], SAMPLES)
    assert again.subjects == {**{s: first.subjects[s] for s in left}, "N": "person 4"}


def test_nothing_is_written_where_there_is_no_list(tmp_path: Path) -> None:
    drop_pseudonyms(tmp_path / "nowhere", lambda *_: True)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("text", ["a,b\n", "kind,name,pseudonym\nsubject,P1,Anna\n", "\n"])
def test_another_file_of_that_name_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / KEY_FILE).write_text(text)
    with pytest.raises(InputError, match="not a list of pseudonyms"):
        kept_pseudonyms(tmp_path, SUBJECTS, SAMPLES)
    assert (tmp_path / KEY_FILE).read_text() == text


def test_people_have_the_noun_of_the_study_and_keep_their_number_under_another(
    tmp_path: Path,
) -> None:
    first = kept_pseudonyms(tmp_path, SUBJECTS, SAMPLES)
    other = kept_pseudonyms(tmp_path, SUBJECTS, SAMPLES, noun=Noun("blood donor", "blood donors"))
    numbers = {name: shown.removeprefix("person ") for name, shown in first.subjects.items()}
    assert other.subjects == {name: f"blood donor {n}" for name, n in numbers.items()}
    assert other.samples == first.samples
    assert "person" not in (tmp_path / KEY_FILE).read_text()
    assert kept_pseudonyms(tmp_path, SUBJECTS, SAMPLES) == first


def test_a_list_of_an_earlier_version_keeps_its_numbers(tmp_path: Path) -> None:
    """Its rows name the kind by the noun, as `patient` in `patient,P1,patient 2`."""
    rows = ["patient,P1,patient 2", "patient,P10,patient 1", "sample,S-2,sample 7"]
    (tmp_path / KEY_FILE).write_text("\n".join(["kind,name,pseudonym", *rows, ""]))
    names = kept_pseudonyms(tmp_path, SUBJECTS, SAMPLES)
    assert names.subjects == {"P1": "person 2", "P10": "person 1", "007": "person 3"}
    assert names.samples == {"S-2": "sample 7", "P1_3rd": "sample 8"}
    assert f"{SUBJECT},P1,person 2" in (tmp_path / KEY_FILE).read_text().splitlines()
