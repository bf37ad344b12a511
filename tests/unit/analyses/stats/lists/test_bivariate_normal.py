"""Bivariate normal probabilities against Plackett's integral, closed forms and simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from analyses.stats.lists.bivariate_normal import both_beyond, upper_orthant

THRESHOLDS = (-8.0, -3.0, -1.0, -1e-9, 0.0, 1e-12, 0.3, 1.0, 1.0001, 2.0, 3.0, 8.0)
CORRELATIONS = (-1 + 1e-15, -1 + 1e-10, -0.999999, -0.9, -0.5, 0.0, 0.3, 0.9, 1 - 1e-6, 1 - 1e-10)
NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)

finite = st.floats(-6, 6)
correlation = st.floats(-1, 1)


def by_integral(h: float, k: float, r: float) -> float:
    """P(Z1 > h, Z2 > k) from its derivative by the correlation (Plackett 1954).

    From r = 1 downwards, over the angle s = acos(r), so that nothing cancels near 1.
    """
    if r < 0:
        return float(special.ndtr(-h)) - by_integral(h, -k, -r)
    end = 2 * math.asin(math.sqrt((1 - r) / 2))
    edges = end * 0.5 ** np.arange(60)[::-1]
    low = np.concatenate([[0.0], edges[:-1]])
    s = low[:, None] + (edges - low)[:, None] * (NODES + 1) / 2
    exponent = ((h - k) ** 2 / 2 + 2 * h * k * np.sin(s / 2) ** 2) / np.sin(s) ** 2
    inner = (np.exp(-exponent) @ WEIGHTS) * (edges - low) / 2
    return float(special.ndtr(-max(h, k)) - inner.sum() / (2 * math.pi))


def test_orthants_against_plackett() -> None:
    for h, k, r in itertools.product(THRESHOLDS, THRESHOLDS, CORRELATIONS):
        found = float(upper_orthant(h, k, r))
        assert found == pytest.approx(by_integral(h, k, r), abs=1e-14, rel=0), (h, k, r)


def test_orthants_against_scipy() -> None:
    h, k, r = 1.3, -0.4, np.array([-0.8, -0.2, 0.6])
    expected = [stats.multivariate_normal(cov=[[1, x], [x, 1]]).cdf([-h, -k]) for x in r]
    np.testing.assert_allclose(upper_orthant(h, k, r), expected, atol=1e-6)


def test_closed_forms() -> None:
    r = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    np.testing.assert_allclose(upper_orthant(0, 0, r), [0, 1 / 6, 1 / 4, 1 / 3, 1 / 2], atol=1e-16)
    h = np.array([-2.0, 0.0, 1.5, 4.0])
    tail = special.ndtr(-h)
    np.testing.assert_allclose(upper_orthant(h, 0.7, 0.0), tail * special.ndtr(-0.7), atol=1e-16)
    np.testing.assert_allclose(upper_orthant(0.0, h, 0.0), tail / 2, atol=1e-16)
    np.testing.assert_allclose(upper_orthant(h, h, 1.0), tail, rtol=1e-15)
    np.testing.assert_allclose(upper_orthant(h, -h, -1.0), 0.0, atol=1e-16)
    np.testing.assert_allclose(
        upper_orthant(-1.0, h, -1.0), np.maximum(special.ndtr(1) - special.ndtr(h), 0), rtol=1e-14
    )


def test_infinite_and_missing_thresholds() -> None:
    inf, nan = math.inf, math.nan
    h = [inf, -inf, -inf, -inf, inf, nan, 0.0]
    k = [0.0, 1.0, inf, -inf, -inf, 0.0, 0.0]
    for r in (-1.0, -0.4, 0.0, 0.7, 1.0):
        expected = [0.0, special.ndtr(-1.0), 0.0, 1.0, 0.0, nan]
        np.testing.assert_allclose(upper_orthant(h, k, r)[:-1], expected, rtol=1e-15)
    assert np.isnan(upper_orthant(0.0, 0.0, nan))
    np.testing.assert_array_equal(both_beyond([0.0, inf], 0.0, 0.5), [1.0, 0.0])


@given(finite, finite, correlation)
def test_quadrants_add_up(h: float, k: float, r: float) -> None:
    quadrants = [
        upper_orthant(h, k, r),
        upper_orthant(-h, -k, r),
        upper_orthant(h, -k, -r),
        upper_orthant(-h, k, -r),
    ]
    assert min(map(float, quadrants)) >= 0
    assert float(sum(quadrants)) == pytest.approx(1.0, abs=1e-14)
    assert float(quadrants[0] + quadrants[2]) == pytest.approx(special.ndtr(-h), abs=1e-14)
    assert float(upper_orthant(k, h, r)) == pytest.approx(float(quadrants[0]), abs=1e-14)


@given(st.floats(0, 6), st.floats(0, 6), correlation)
def test_both_beyond_is_even_and_more_than_chance(a: float, b: float, r: float) -> None:
    p = float(both_beyond(a, b, r))
    assert p == pytest.approx(float(both_beyond(a, b, -r)), abs=1e-15)
    marginals = [2 * float(special.ndtr(-x)) for x in (a, b)]
    assert marginals[0] * marginals[1] - 1e-14 <= p <= min(marginals) + 1e-14


def test_simulation() -> None:
    rng, n = np.random.default_rng(3), 400_000
    z = rng.standard_normal((2, n))
    other = -0.55 * z[0] + math.sqrt(1 - 0.55**2) * z[1]
    for a, b in ((1.0, 0.5), (2.0, 1.5)):
        for p, share in (
            (both_beyond(a, b, -0.55), ((abs(z[0]) > a) & (abs(other) > b)).mean()),
            (upper_orthant(a, b, -0.55), ((z[0] > a) & (other > b)).mean()),
            (upper_orthant(a, b, 0.55), ((z[0] > a) & (other < -b)).mean()),
        ):
            assert share == pytest.approx(float(p), abs=5 * math.sqrt(float(p) / n))


def test_impossible_values_are_refused() -> None:
    with pytest.raises(ValueError, match=r"1\.01 is no correlation"):
        upper_orthant(0.0, 0.0, [0.3, 1.01])
    with pytest.raises(ValueError, match="must not be negative"):
        both_beyond(-0.1, 1.0, 0.0)
