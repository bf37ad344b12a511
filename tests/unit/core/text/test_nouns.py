"""What a study calls people and the times they come at."""

from cohortmart.core.text import Noun, capital, nouns


def test_a_study_that_says_nothing_has_people_at_timepoints():
    words = nouns()
    assert words.subject == Noun("person", "people")
    assert words.timepoint == Noun("timepoint", "timepoints")


def test_a_study_says_one_without_the_other():
    words = nouns(timepoint=("visit", "visits"))
    assert words.subject.counted(2) == "2 people"
    assert words.timepoint.counted(1) == "1 visit"


def test_the_noun_follows_the_number():
    patient = Noun("patient", "patients")
    assert [patient.of(n) for n in (0, 1, 2)] == ["patients", "patient", "patients"]
    assert patient.counted(1200) == "1,200 patients"
    assert patient.title == "Patients"
    assert (patient.a, Noun("individual", "individuals").a) == ("a patient", "an individual")


def test_only_the_first_letter_becomes_a_capital():
    assert capital("mS patients") == "MS patients"
    assert capital("") == ""
