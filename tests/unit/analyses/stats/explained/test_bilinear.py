"""Ranges of bilinear functions against a fine grid, and distances against a general optimiser."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from analyses.stats.explained.bilinear import bilinear_range, distance_to_zero
from cohortmart.core.types import Floats

NUMBERS = st.floats(-4, 4).map(lambda x: round(x, 3))
SIZES = st.floats(0.01, 2.0)


def product(change: float, slope: float, h_change: float, h_slope: float) -> tuple[Floats, ...]:
    """(change + h p) (slope + h q) as centre, left, right and coupling."""
    columns = (h_change * slope, h_slope * change, h_change * h_slope)
    return np.array([change * slope]), *(np.array([[x]]) for x in columns)


@given(NUMBERS, NUMBERS, SIZES, SIZES)
def test_range_of_a_product_is_that_on_the_ellipse(
    change: float, slope: float, h_change: float, h_slope: float
) -> None:
    low, high = bilinear_range(*product(change, slope, h_change, h_slope))
    angle = np.linspace(0, 2 * np.pi, 20_001)
    values = (change + h_change * np.cos(angle)) * (slope + h_slope * np.sin(angle))
    assert low[0] == pytest.approx(values.min(), abs=1e-5)
    assert high[0] == pytest.approx(values.max(), abs=1e-5)
    assert low[0] <= values.min() + 1e-12
    assert high[0] >= values.max() - 1e-12


@given(NUMBERS, NUMBERS, SIZES, SIZES)
def test_range_of_a_product_holds_zero_where_one_factor_may_be_zero(
    change: float, slope: float, h_change: float, h_slope: float
) -> None:
    low, high = bilinear_range(*product(change, slope, h_change, h_slope))
    both_differ = abs(change) > h_change * (1 + 1e-9) and abs(slope) > h_slope * (1 + 1e-9)
    one_may_be = abs(change) < h_change * (1 - 1e-9) or abs(slope) < h_slope * (1 - 1e-9)
    if both_differ:
        assert low[0] * high[0] > 0
    if one_may_be:
        assert low[0] < 0 < high[0]


@given(NUMBERS, NUMBERS, SIZES, SIZES)
def test_distance_of_a_product_is_the_smaller_t(
    change: float, slope: float, se_change: float, se_slope: float
) -> None:
    distance, share = distance_to_zero(*product(change, slope, se_change, se_slope))
    t_change, t_slope = abs(change) / se_change, abs(slope) / se_slope
    assert distance[0] == pytest.approx(min(t_change, t_slope), rel=1e-6, abs=1e-9)
    if distance[0] > 0 and abs(t_change - t_slope) > 1e-3 * (t_change + t_slope):
        assert share[0] == pytest.approx(float(t_change < t_slope), abs=1e-6)


@pytest.mark.parametrize("m", [2, 3])
def test_sums_of_products(rng: np.random.Generator, m: int) -> None:
    n = 6
    centre, coupling = rng.normal(size=n), np.abs(rng.normal(size=(n, m)))
    left, right = rng.normal(size=(2, n, m))
    left[0] = right[0]
    low, high = bilinear_range(centre, left, right, coupling)
    distance, share = distance_to_zero(centre, left, right, coupling)
    for i in range(n):

        def f(x: Floats, i: int = i) -> float:
            p, q = x[:m], x[m:]
            return float(centre[i] + p @ left[i] + q @ right[i] + (p * q) @ coupling[i])

        on_ball = {"type": "ineq", "fun": lambda x: 1.0 - x @ x}
        zero = {"type": "eq", "fun": f}
        starts = rng.normal(size=(8, 2 * m)) / 2
        for sign, found in ((1.0, low[i]), (-1.0, high[i])):
            tries = [
                optimize.minimize(lambda x, s=sign: s * f(x), x, constraints=on_ball)
                for x in starts
            ]
            best = min(t.fun for t in tries if t.success) * sign
            assert found == pytest.approx(best, abs=1e-5)
        nearest = [optimize.minimize(lambda x: x @ x, x, constraints=zero) for x in starts]
        point = min((t for t in nearest if t.success), key=lambda t: t.fun)
        assert distance[i] == pytest.approx(np.sqrt(point.fun), abs=1e-5)
        if i > 0:  # two points are nearest where the pull is only along
            assert share[i] == pytest.approx(point.x[:m] @ point.x[:m] / point.fun, abs=1e-2)


def test_what_is_unknown_stays_unknown() -> None:
    nan, one = np.array([np.nan, 1.0]), np.ones((2, 1))
    left = np.array([[np.nan], [1.0]])
    low, high = bilinear_range(nan, left, one, one)
    distance, share = distance_to_zero(nan, left, one, one)
    for values in (low, high, distance, share):
        assert np.isnan(values[0])
        assert np.isfinite(values[1])
