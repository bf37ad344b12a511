"""Queries of people: their parameters, and what is said where these do not fit."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.query import answer, check_query

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@given(st.lists(TEXTS | st.integers(-(2**62), 2**62) | st.none() | st.booleans(), max_size=5))
def test_values_come_back_as_they_were_given(values: list[Any]) -> None:
    con = duckdb.connect()
    by_place = "select 1" + "".join(", ?" for _ in values)
    by_name = "select 1" + "".join(f", $v{i}" for i in range(len(values)))
    named = {f"v{i}": value for i, value in enumerate(values)}
    for query, params in ((by_place, values), (by_name, named)):
        check_query(query, params)
        assert answer(con, query, params).fetchall() == [(1, *values)]
    con.close()


@pytest.mark.parametrize(
    ("query", "params", "said"),
    [
        ("select ?", None, "nothing to fill them with"),
        ("select ?", [1, 2], "expected: 1 value"),
        ("select ?, ?", [1], "found:    1"),
        ("select 1", [1], "expected: 0 values"),
        ("select $one", [1], "a dict with $one"),
        ("select $one", {"on": 1}, "did you mean `one`"),
        ("select $one", {}, "parameter $one has no value"),
        ("select $one", {"one": 1, "two": 2}, "no parameter $two"),
        ("select ?", {"name": 1}, "parameter $1 has no value"),
        ("select ?", "text", "a list, or as a dict"),
        ("select ?", {1, 2}, "a list, or as a dict"),
        ("copy (select ?) to 'x.csv'", [1], "only queries that read"),
    ],
)
def test_parameters_that_do_not_fit(query: str, params: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        check_query(query, params)
    assert said in str(caught.value)
