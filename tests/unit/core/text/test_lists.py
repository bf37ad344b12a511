"""How lists of names are said."""

import pytest

from cohortmart.core.text import joined, listed


@pytest.mark.parametrize(
    ("names", "most", "said"),
    [
        ([], 2, ""),
        (["a"], 2, "a"),
        (["a", "b"], 2, "a, b"),
        (["a", "b", "c"], 2, "a, b and 1 more"),
        ([str(i) for i in range(1, 2003)], 2, "1, 2 and 2,000 more"),
    ],
)
def test_the_first_names_and_how_many_more(names: list[str], most: int, said: str):
    assert listed(names, most=most) == said


def test_twelve_names_are_shown_unless_told_otherwise():
    assert listed([str(i) for i in range(13)]).endswith("10, 11 and 1 more")


def test_names_of_a_sentence():
    assert joined(["a"]) == "a"
    assert joined(["a", "b"]) == "a and b"
    assert joined(["a", "b", "c"], "or") == "a, b or c"
