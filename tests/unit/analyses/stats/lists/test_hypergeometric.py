"""Tails against exact whole-number arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.stats.lists.hypergeometric import log_probability, log_tail_bounds, log_upper_tail


def ways(x: int, n: int, marked: int, total: int) -> int:
    return math.comb(marked, x) * math.comb(total - marked, n - x)


def exact_tail(x: int, n: int, marked: int, total: int) -> float:
    """log P(X >= x) from whole numbers of any size."""
    sum_of_ways = sum(ways(i, n, marked, total) for i in range(x, min(n, marked) + 1))
    if 0 < 2 * (rest := math.comb(total, n) - sum_of_ways) < sum_of_ways:
        return math.log1p(-math.exp(math.log(rest) - math.log(math.comb(total, n))))
    return math.log(sum_of_ways) - math.log(math.comb(total, n)) if rest else 0.0


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """x, n, marked, total such as a node outside a module has."""
    marked = draw(st.integers(1, 400))
    total = marked + draw(st.integers(1, 40_000))
    n = draw(st.integers(1, min(500, total - 1)))
    x = draw(st.integers(max(0, n - total + marked), min(n, marked)))
    return x, n, marked, total


@given(tables())
def test_tail_is_exact_and_lies_between_its_bounds(table: tuple[int, int, int, int]) -> None:
    x, n, marked, total = table
    arrays = np.array([x], float), np.array([n], float), marked, total
    expected = exact_tail(x, n, marked, total)
    found = log_upper_tail(*arrays)[0]
    lower, upper = log_tail_bounds(*arrays)
    # absolute in the logarithm: relative in P
    assert found == pytest.approx(expected, rel=1e-13, abs=1e-11)
    assert lower[0] - 1e-11 <= found <= upper[0] + 1e-11
    first = math.log(ways(x, n, marked, total)) - math.log(math.comb(total, n))
    assert log_probability(*arrays)[0] == pytest.approx(first, rel=1e-13, abs=1e-11)


def test_far_beyond_the_smallest_number_and_in_a_huge_network() -> None:
    for x, n, marked, total in [(400, 400, 500, 20_000), (30, 900, 60, 50_000_000)]:
        found = log_upper_tail(np.array([x]) * 1.0, np.array([n]) * 1.0, marked, total)[0]
        assert found == pytest.approx(exact_tail(x, n, marked, total), rel=0, abs=1e-11)


def test_more_found_than_marked_is_impossible() -> None:
    found, drawn = np.array([11.0, 10.0]), np.array([20.0, 20.0])
    tail = log_upper_tail(found, drawn, 10, 100)
    lower, upper = log_tail_bounds(found, drawn, 10, 100)
    assert [tail[0], lower[0], upper[0]] == [-np.inf] * 3
    assert np.isfinite([tail[1], lower[1], upper[1]]).all()
