"""Linear scores: sums, transforms, missing values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analyses.stats.scores.linear_score import TRANSFORMS, anti_log_linear, linear_score


def test_a_score_is_a_weighted_sum(rng: np.random.Generator) -> None:
    values, weights = rng.random((30, 7)), rng.normal(size=30)
    found = linear_score(values, weights, intercept=0.5)
    np.testing.assert_allclose(found.scores, [0.5 + weights @ v for v in values.T], rtol=1e-13)
    assert not found.n_missing.any()


@pytest.mark.parametrize(
    ("sum_", "age"),
    [(0.0, 20.0), (1.0, 41.0), (2.5, 72.5), (-1.0, 21 * math.exp(-1) - 1), (-math.log(21), 0.0)],
)
def test_ages_of_a_clock(sum_: float, age: float) -> None:
    assert anti_log_linear(np.array([sum_]))[0] == pytest.approx(age, abs=1e-12)
    found = linear_score(np.zeros((1, 1)), np.ones(1), sum_, "anti_log_linear")
    assert found.scores[0] == pytest.approx(age, abs=1e-12)


def test_a_high_sum_of_a_clock_does_not_overflow() -> None:
    assert anti_log_linear(np.array([1000.0]))[0] == 21020.0


def test_transforms() -> None:
    sums = np.array([-800.0, 0.0, 2.0])
    assert list(TRANSFORMS) == ["none", "anti_log_linear", "logistic", "exponential"]
    assert TRANSFORMS["logistic"](sums) == pytest.approx([0.0, 0.5, 1 / (1 + math.exp(-2))])
    assert TRANSFORMS["exponential"](sums) == pytest.approx([0.0, 1.0, math.exp(2)])
    assert TRANSFORMS["none"](sums) == pytest.approx(sums)


def test_a_missing_value_is_the_mean_of_the_others() -> None:
    values = np.array([[0.2, 0.4, np.nan], [0.5, 0.5, 0.7]])
    found = linear_score(values, np.array([10.0, 1.0]))
    assert found.scores == pytest.approx([2.5, 4.5, 3.7])
    assert found.n_missing.tolist() == [0, 0, 1]


def test_a_feature_that_no_sample_has_adds_nothing() -> None:
    values = np.array([[0.2, 0.4], [np.nan, np.nan]])
    found = linear_score(values, np.array([10.0, 1000.0]))
    assert found.scores == pytest.approx([2.0, 4.0])
    assert found.n_missing.tolist() == [0, 0]


def test_a_sample_that_lacks_too_much_has_no_score() -> None:
    values = np.ones((4, 3))
    values[:3, 1] = np.nan
    values[:2, 2] = np.nan
    found = linear_score(values, np.ones(4))
    np.testing.assert_array_equal(found.scores, [4.0, np.nan, 4.0])
    assert np.isnan(linear_score(np.full((2, 2), np.nan), np.ones(2)).scores).all()
