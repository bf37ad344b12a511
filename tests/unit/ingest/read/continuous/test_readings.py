"""Cells of measurements: numbers, bounds and words."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.read.continuous.readings import MISSING, readings
from ingest.read.text.number_style import NumberStyle


@pytest.mark.parametrize("text", ["<0.5", "< 0.5", "<=0.5", "≤0.5", "&lt;0.5"])
def test_a_bound_is_its_number_and_a_flag(text: str) -> None:
    read = readings(pa.array([text, "0.5"]))
    assert read.values.tolist() == [0.5, 0.5]
    assert read.below.tolist() == [True, False]
    assert not read.above.any()
    assert read.bad is None


@pytest.mark.parametrize("text", [">500", "> 5e2", ">=500"])
def test_above_the_range(text: str) -> None:
    read = readings(pa.array([text]))
    assert read.values.tolist() == [500]
    assert read.above.tolist() == [True]
    assert not read.below.any()


@pytest.mark.parametrize("text", ["ND", "n.d.", "<LOD", "not detected", "BLQ", "< lloq"])
def test_too_little_to_measure_is_below_without_a_number(text: str) -> None:
    read = readings(pa.array([text]))
    assert np.isnan(read.values).all()
    assert read.below.all()


@pytest.mark.parametrize("text", [*MISSING, "NA", "NaN", "#N/A", "NULL", " "])
def test_missing_words_are_neither_values_nor_faults(text: str) -> None:
    read = readings(pa.array([text, "1"]))
    assert np.isnan(read.values[0])
    assert not read.below.any()
    assert read.bad is None


def test_a_null_is_missing() -> None:
    assert np.isnan(readings(pa.array([None, "1"], pa.string())).values[0])


@pytest.mark.parametrize("text", ["abc", "1.2.3", "1 2", "0,5", "<", "<x", "5%"])
def test_the_first_cell_that_is_none_is_told(text: str) -> None:
    assert readings(pa.array(["1", text, "zzz"])).bad == 1


def test_a_decimal_comma_counts_where_it_separates_nothing() -> None:
    read = readings(pa.array(["0,5", "<1,25", "-3,0"]), NumberStyle(","))
    assert read.values.tolist() == [0.5, 1.25, -3.0]
    assert read.bad is None


def test_numbers_pass_as_they_are() -> None:
    assert readings(pa.array([1, 2, None])).values[:2].tolist() == [1, 2]
    assert readings(pa.array([0.1], pa.float32())).values[0] == np.float32(0.1)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_every_number_comes_back(numbers: list[float]) -> None:
    read = readings(pa.array([repr(x) for x in numbers]))
    assert read.values.tolist() == numbers
    assert read.bad is None
