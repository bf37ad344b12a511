"""Packed columns, unpacked as the page does, are the numbers to three digits."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from cohortmart.report.packed import four_digits, packed, packed_texts, three_digits, whole_numbers
from tests.support.unpacked import decoded, unpacked, unpacked_texts


def codes(values: list[float | None]) -> list[int]:
    con = duckdb.connect()
    con.register("given", pa.table({"x": pa.array(values, pa.float64())}))
    rows = con.sql(f"select {three_digits('x')} from given").fetchall()
    return [code for (code,) in rows]


def test_numbers_keep_three_digits() -> None:
    rng = np.random.default_rng(1)
    values = [*(rng.normal(size=200) * 10.0 ** rng.integers(-200, 200, size=200)).tolist(),
              1.0, -1.0, 0.001, 9.999, 0.0999951, 1e-299, 123456.0]  # fmt: skip
    assert [decoded(c) for c in codes(values)] == [float(f"{v:.2e}") for v in values]


def test_what_is_no_number_and_what_is_zero() -> None:
    given = [None, math.nan, math.inf, 0.0, 1e-320]
    assert [decoded(c) for c in codes(given)] == [None, None, None, 0.0, 0.0]


def test_codes_rise_with_the_number() -> None:
    values = sorted(np.random.default_rng(2).uniform(size=500).tolist())
    assert codes(values) == sorted(codes(values))


@pytest.mark.parametrize("given", [[], [0], [5, 0, 70_000, 2**31 - 1, 256]])
def test_codes_come_back(given: list[int]) -> None:
    assert unpacked(packed(pa.array(given, pa.int32()))).tolist() == given
    cut = pa.array([7, 8, *given], pa.int32())[2:]
    twice = pa.chunked_array([cut, pa.array(given, pa.int32())])
    assert unpacked(packed(twice)).tolist() == [*given, *given]


def test_texts_come_back() -> None:
    given = ["IL7R", None, 'a "b"\n</script>', "µ"]
    assert unpacked_texts(packed_texts(given)) == given


def test_columns_of_thousands_keep_four_digits_and_every_whole_number() -> None:
    values = np.random.default_rng(3).normal(size=500).tolist()
    given = [*values, None, 0.0, 1e-5, -123456.0]
    found = unpacked(packed(four_digits(pa.chunked_array([pa.array(given)])))).tolist()
    expected = [None if v is None else float(f"{v:.3e}") for v in given]
    assert [decoded(code, 4) for code in found] == expected
    whole = [None, 0, 1, -1, 536870911, -5]
    found = unpacked(packed(whole_numbers(pa.chunked_array([pa.array(whole)])))).tolist()
    back = [None if c == 0 else (c - 1) // 2 if c % 2 else (2 - c) // 2 for c in found]
    assert back == whole
    assert whole_numbers(pa.chunked_array([pa.array([2**40])])) is None
