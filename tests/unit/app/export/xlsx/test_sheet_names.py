"""Names of sheets are what Excel takes, and no two are the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmart.app.export.xlsx.sheet_names import sheet_names


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["MS_3rd-1st", "HP"], ["MS_3rd-1st", "HP"]),
        (["a/b", "a:b", "A*B"], ["a_b", "a_b~2", "A_B~3"]),
        (["x" * 40 + "1", "x" * 40 + "2"], ["x" * 31, "x" * 29 + "~2"]),
        (["History", "readme", "'q'", "'"], ["History~2", "readme~2", "q", "_"]),
    ],
)
def test_what_becomes_of_a_name(names: list[str], shown: list[str]) -> None:
    assert list(sheet_names(names, taken=["README"]).values()) == shown


@given(st.lists(st.text(min_size=1, max_size=45), unique=True, max_size=20))
def test_any_names(names: list[str]) -> None:
    found = sheet_names(names)
    assert list(found) == names
    assert len({name.lower() for name in found.values()}) == len(names)
    for name in found.values():
        assert 1 <= len(name.encode("utf-16-le")) // 2 <= 31
        assert not re.search(r"[\[\]:*?/\\]", name)
        assert not name.startswith("'")
        assert not name.endswith("'")
