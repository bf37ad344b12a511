"""Packed columns come back: whole numbers and texts as they were, numbers to three digits."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from cohortmart.report.packed import SMALLEST, packed, packed_texts, three_digits
from cohortmart.report.unpacked import codes, numbers, texts

CON = duckdb.connect()


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1))
def test_whole_numbers(values: list[int]) -> None:
    assert codes(packed(pa.array(values, pa.int32()))).tolist() == values


@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]))))
def test_texts(values: list[str | None]) -> None:
    assert texts(packed_texts(values)) == values


@given(st.none() | st.floats(allow_infinity=True, allow_nan=True))
def test_numbers_keep_three_digits(value: float | None) -> None:
    ((code,),) = CON.execute(f"select {three_digits('$1::double')}", [value]).fetchall()
    (found,) = numbers(np.array([code]))
    if value is None or not math.isfinite(value):
        assert math.isnan(found)
    elif abs(value) < SMALLEST:
        assert found == 0
    else:
        assert math.isclose(found, value, rel_tol=0.0051)
