"""Which contrasts an entry of `rebound: {pairs: ...}` means."""

from __future__ import annotations

import pytest

from analyses.rebound.pairs import ContrastPair, PairDifference, differences, resolve_pairs
from cohortmart.core.errors import AnalysisError

GROUPS = ("HP", "MS", "HC")
NAMES = ("HP_2nd-1st", "HP_3rd-1st", "MS_3rd-1st", "MS_PP-3rd", "HP_PP-3rd", "MSvsHP_3rd-1st")


def refused(names, pairs, groups=GROUPS) -> AnalysisError:
    with pytest.raises(AnalysisError) as caught:
        resolve_pairs(names, pairs, groups)
    return caught.value


def test_names_without_group_stand_for_every_group_that_has_both():
    assert resolve_pairs(NAMES, [("3rd-1st", "PP-3rd")], GROUPS) == (
        ContrastPair("3rd-1st/PP-3rd", "HP", 1, 4),
        ContrastPair("3rd-1st/PP-3rd", "MS", 2, 3),
    )


def test_order_is_that_of_the_groups_and_then_of_the_entries():
    pairs = [("3rd-1st", "PP-3rd"), ("2nd-1st", "PP-3rd")]
    found = resolve_pairs(NAMES, pairs, ("MS", "HP"))
    assert [(p.pair, p.study_group) for p in found] == [
        ("3rd-1st/PP-3rd", "MS"),
        ("3rd-1st/PP-3rd", "HP"),
        ("2nd-1st/PP-3rd", "HP"),
    ]


@pytest.mark.parametrize(
    ("first", "second", "group"),
    [
        ("MS_3rd-1st", "MS_PP-3rd", "MS"),
        ("HP_3rd-1st", "MS_3rd-1st", None),
        ("MSvsHP_3rd-1st", "HP_PP-3rd", None),
    ],
)
def test_exact_names_have_the_group_both_begin_with(first, second, group):
    (found,) = resolve_pairs(NAMES, [(first, second)], GROUPS)
    assert found == ContrastPair(
        f"{first}/{second}", group, NAMES.index(first), NAMES.index(second)
    )


def test_of_two_groups_that_fit_the_longer_name_is_meant():
    names = ("MS_late_a", "MS_late_b", "MS_a")
    (found,) = resolve_pairs(names, [("MS_late_a", "MS_late_b")], ("MS", "MS_late"))
    assert found.study_group == "MS_late"
    (found,) = resolve_pairs(names, [("a", "b")], ("MS", "MS_late"))
    assert (found.study_group, found.first, found.second) == ("MS_late", 0, 1)


def test_an_exact_name_goes_before_one_without_group():
    names = ("a", "b", "HP_a", "HP_b")
    assert resolve_pairs(names, [("a", "b")], GROUPS) == (ContrastPair("a/b", None, 0, 1),)


def test_a_name_that_is_unknown_is_guessed_without_its_group():
    error = refused(NAMES, [("3rd-1ts", "PP-3rdd")])
    assert error.problem == "the pair 3rd-1ts/PP-3rdd names no contrast of the analysis"
    assert error.found == ", ".join(NAMES)
    assert error.hint == "did you mean `3rd-1st`?"
    assert refused(NAMES, [("HP_3rd-1st", "HP_PP3rd")]).hint == "did you mean `HP_PP-3rd`?"


def test_of_many_contrasts_some_are_shown():
    error = refused([f"c{i}" for i in range(20)], [("x", "y")])
    assert error.found == "c0, c1, c2, c3, c4, c5, c6, c7 and 12 more"
    assert refused([], [("x", "y")]).found == "no contrasts"


def test_each_group_that_lacks_one_of_the_two_is_named():
    error = refused(("HP_3rd-1st", "MS_PP-3rd"), [("3rd-1st", "PP-3rd")])
    assert error.problem == "no group has both contrasts of the pair 3rd-1st/PP-3rd"
    assert error.found == "HP_3rd-1st without HP_PP-3rd; MS_PP-3rd without MS_3rd-1st"
    assert error.hint is None


def test_one_name_with_and_one_without_group_is_refused():
    error = refused(NAMES, [("HP_3rd-1st", "PP-3rd")])
    assert error.found == "HP_3rd-1st without PP-3rd"
    assert "both with their group or both without" in error.expected


def test_a_contrast_is_not_paired_with_itself():
    assert "the same contrast twice" in refused(NAMES, [("3rd-1st", "3rd-1st")]).problem


@pytest.mark.parametrize("again", [("3rd-1st", "PP-3rd"), ("MS_3rd-1st", "MS_PP-3rd")])
def test_the_same_pair_twice_is_refused(again):
    error = refused(NAMES, [("3rd-1st", "PP-3rd"), again])
    assert error.found == f"3rd-1st/PP-3rd and {'/'.join(again)}"


def test_the_first_group_that_has_a_pair_is_its_reference():
    names = [*NAMES, "HC_3rd-1st", "HC_PP-3rd", "MS_2nd-1st"]
    pairs = resolve_pairs(
        names, [("3rd-1st", "PP-3rd"), ("2nd-1st", "PP-3rd"), ("HP_2nd-1st", "MS_2nd-1st")], GROUPS
    )
    assert differences(pairs, GROUPS) == (
        PairDifference("3rd-1st/PP-3rd", "MS", "HP"),
        PairDifference("3rd-1st/PP-3rd", "HC", "HP"),
        PairDifference("2nd-1st/PP-3rd", "MS", "HP"),
    )
    assert differences(pairs, ("HC", "MS", "HP"))[0] == PairDifference("3rd-1st/PP-3rd", "MS", "HC")


def test_a_pair_of_one_group_has_no_difference():
    assert differences(resolve_pairs(NAMES, [("2nd-1st", "PP-3rd")], GROUPS), GROUPS) == ()
