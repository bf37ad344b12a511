"""Packed columns, unpacked as the page does, are the numbers to three digits."""

from __future__ import annotations

import json
import math
import zlib
from base64 import b64decode

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from cohortmart.report.packed import packed, packed_texts, three_digits


def unpacked(text: str) -> np.ndarray:
    """Return the codes that `packed` took."""
    planes = np.frombuffer(zlib.decompress(b64decode(text)), dtype=np.uint8).reshape(4, -1)
    return sum(planes[k].astype(np.int64) << (8 * k) for k in range(4))


def decoded(code: int) -> float | None:
    """Return the number of a code, as `features.js` reads it."""
    if code < 2:
        return None if code == 0 else 0.0
    place, is_negative = divmod(code - 2, 2)
    exponent, digits = divmod(place, 900)
    return (-1) ** is_negative * float(f"{digits + 100}e{exponent - 312}")


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
    assert json.loads(zlib.decompress(b64decode(packed_texts(given)))) == given
