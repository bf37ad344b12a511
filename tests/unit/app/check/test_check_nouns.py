"""`cohortmart check` calls people and timepoints what the study calls them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from tests.support.small_study import CHANGES, said, write_study

OTHERS = re.compile(r"\b(wom[ae]n|persons?|people|visits?|she|hers?)\b", re.IGNORECASE)


def of_patients(folder: Path, **changes: str) -> Path:
    study = write_study(folder, **changes)  # type: ignore[arg-type]
    nouns = "subject_noun: [patient, patients]\ntimepoint_noun: [session, sessions]\n"
    study.write_text(study.read_text().lstrip().replace("timepoints:", f"{nouns}timepoints:", 1))
    return study


def test_people_are_counted_as_patients(tmp_path: Path) -> None:
    text = said(of_patients(tmp_path))
    assert "Study small: 10 samples of 6 patients in the sample sheet" in text
    assert "patients: all samples in all 1st 3rd" in text
    assert "Analysis main: 10 samples of 6 patients, assay rna" in text
    assert "HP_3rd-1st yes change within patients 2 complete pairs" in text
    assert "MSvsHP_1st yes between groups of patients 2 MS.1st against 3 HP.1st" in text
    assert "all samples of HP.1st (3 samples of 3 patients) are of batch A" in text
    assert "fewer than 3 patients (or complete pairs) stand behind" in text
    assert "little to changes within patients." in text
    assert OTHERS.search(text) is None


@pytest.mark.parametrize(
    ("contrasts", "permutations", "words"),
    [
        ("{time_within_group: all, MSvsHP_1st: MS.1st - HP.1st}", "{}",
         "permutations of sessions cannot test contrasts between patients; left out of them"),
        (CHANGES.replace("}", ", MSvsHP_1st: MS.1st - HP.1st}"), "{contrasts: [MSvsHP_1st]}",
         "`permutations` cannot test a contrast between patients: it permutes the sessions of"),
    ],
)  # fmt: skip
def test_permutations_are_of_sessions(
    tmp_path: Path, contrasts: str, permutations: str, words: str
) -> None:
    more = f"permutations: {permutations}"
    text = said(of_patients(tmp_path, contrasts=contrasts, more=more))
    assert words in text
    assert OTHERS.search(text) is None


@pytest.mark.parametrize(
    ("model", "contrasts", "more", "words"),
    [
        ("{means: [group, timepoint], within: subject}", "{group_within_time: all}", "",
         "takes every difference between patients out"),
        ("{means: [group, timepoint], within: subject, block: subject}", CHANGES, "",
         "keep `block` for contrasts between patients"),
        ("{means: [group, timepoint]}", CHANGES, "permutations: {}",
         "permutes the sessions of each patient"),
    ],
)  # fmt: skip
def test_faults_of_the_file_say_so_too(
    tmp_path: Path, model: str, contrasts: str, more: str, words: str
) -> None:
    with pytest.raises(StudyError) as caught:
        said(of_patients(tmp_path, model=model, contrasts=contrasts, more=more))
    assert words in str(caught.value)
    assert OTHERS.search(str(caught.value)) is None
