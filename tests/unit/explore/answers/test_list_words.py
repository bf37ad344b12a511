"""Words of a pasted list: every separator, quotes, doubles, and nothing that is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.listed.words import MOST_LETTERS, MOST_WORDS, phrases, words_of

NAMES = st.text(
    st.characters(codec="utf-8", categories=("L", "N"), include_characters="-._<>&$%#()/"),
    min_size=1,
    max_size=12,
)
BETWEEN = st.sampled_from([" ", ",", ";", "\n", "\r\n", "\t", ", ", " ;\n", "  ", "|", ",,"])
QUOTES = st.sampled_from(["", '"', "'", "“", "`"])


@given(st.lists(st.tuples(NAMES, BETWEEN, QUOTES), max_size=30))
def test_every_name_is_read_or_said_to_be_double(parts: list[tuple[str, str, str]]) -> None:
    text = "".join(f"{q}{name}{'”' if q == '“' else q}{gap}" for name, gap, q in parts)
    words = words_of(text)
    written = [name for name, _, _ in parts]
    first = {name.lower(): name for name in reversed(written)}
    lows = [name.lower() for name in written]
    assert list(words.names) == [first[low] for low in dict.fromkeys(lows)]
    again = {low for low in lows if lows.count(low) > 1}
    assert {word.lower() for word in words.doubles} == again


@given(st.text(max_size=200))
def test_any_text_is_read_twice_alike(text: str) -> None:
    names = words_of(text).names
    assert words_of("\n".join(names)).names == names
    assert all(name == name.strip() and name for name in names)


def test_a_name_with_spaces_is_one_where_it_is_known() -> None:
    assert words_of("'G1' 'G2'").names == ("G1", "G2")
    text = 'IL7R; "IL-2  receptor" CD4\nfirst visit, 5\'-nucleotidase'
    assert phrases(text) == ('il-2 receptor" cd4', "first visit")
    assert words_of(text, {"first visit"}).names == (
        "IL7R", "IL-2", "receptor", "CD4", "first visit", "5'-nucleotidase",
    )  # fmt: skip


def test_too_much_is_refused_with_its_number() -> None:
    with pytest.raises(InputError) as many:
        words_of(" ".join(f"g{i}" for i in range(MOST_WORDS + 1)))
    assert "2,000 names" in many.value.problem
    assert many.value.found == "2,001"
    with pytest.raises(InputError, match="50,000 letters"):
        words_of("a" * (MOST_LETTERS + 1))
    assert len(words_of(" ".join(f"g{i}" for i in range(MOST_WORDS))).names) == MOST_WORDS
