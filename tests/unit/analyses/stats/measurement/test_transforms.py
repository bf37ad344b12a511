"""Transforms against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from analyses.stats.measurement.transforms import logit, rank_normal


def test_logit_of_fractions_and_percents_is_the_same() -> None:
    share = np.array([[0.1, 0.5, 0.9, np.nan]])
    expected = np.log(share / (1 - share))
    np.testing.assert_allclose(logit(share, np.array([1.0])), expected, rtol=1e-15)
    np.testing.assert_allclose(logit(100 * share, np.array([100.0])), expected, rtol=1e-14)


def test_rank_normal_is_bloms() -> None:
    got = rank_normal(np.array([[10.0, -1.0, np.nan, 3.0, 3.0]]))
    ranks = np.array([4, 1, np.nan, 2.5, 2.5])
    np.testing.assert_allclose(got[0], norm.ppf((ranks - 0.375) / 4.25), atol=1e-14)


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=15), st.floats(0.1, 5))
def test_rank_normal_knows_the_order_alone(values: list[int], scale: float) -> None:
    y = np.array([values], dtype=float)
    np.testing.assert_array_equal(rank_normal(y), rank_normal(np.exp(scale * y / 50)))


def test_a_feature_without_a_value_stays_missing() -> None:
    with np.errstate(all="raise"):
        assert np.isnan(rank_normal(np.full((1, 3), np.nan))).all()


@pytest.mark.parametrize("n", [1, 2])
def test_few_values(n: int) -> None:
    assert np.isfinite(rank_normal(np.arange(float(n))[None])).all()
