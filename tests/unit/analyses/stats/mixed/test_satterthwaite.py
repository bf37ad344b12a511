from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analyses.stats.mixed.satterthwaite import joint_df, ratio_information, satterthwaite_df

D = np.array([[0.0, 0.7, 1.5, 3.0, 3.0]])
N_FREE, RSS0 = 9.0, 4.0
SQUARES = np.array([[0.0, 1.3, 4.0, 9.0, 2.0]])


def rss(ratio: float) -> float:
    return float(RSS0 + (SQUARES / (1 + ratio * D)).sum())


def profile(ratio: float) -> float:
    """Deviance, s2 at its best."""
    return float(N_FREE * np.log(rss(ratio)) + np.log1p(ratio * D).sum())


def test_profile_is_differentiated() -> None:
    ratio, h = 0.8, 1e-4
    found = ratio_information(
        D, SQUARES, np.array([rss(ratio)]), np.array([N_FREE]), np.array([ratio]), np.array([True])
    )
    second = (profile(ratio + h) - 2 * profile(ratio) + profile(ratio - h)) / h**2
    assert found.curvature[0] == pytest.approx(second, rel=1e-5)
    drift = (np.log(rss(ratio + h)) - np.log(rss(ratio - h))) / (2 * h)
    assert found.drift[0] == pytest.approx(drift, rel=1e-6)
    assert found.estimated.tolist() == [True]


def test_expected_information_where_there_is_no_maximum() -> None:
    """The mean of the observed one over data of the model, s2 known."""
    ratio = 2.0
    found = ratio_information(
        D, SQUARES, np.array([rss(ratio)]), np.array([N_FREE]), np.array([ratio]), np.array([False])
    )
    a = np.concatenate([(D / (1 + ratio * D))[0, 1:], np.zeros(int(N_FREE) - 4)])
    assert found.curvature[0] == pytest.approx(((a - a.mean()) ** 2).sum(), rel=1e-12)
    assert found.drift[0] == pytest.approx(-a.mean(), rel=1e-12)


def test_degrees_of_freedom_of_two_known_mean_squares() -> None:
    """Balanced blocks of 3: within, between, and Satterthwaite's own formula for their sum."""
    m, n_between, n_within = 3.0, 6.0, 14.0
    between, within = 5.0, 1.2  # mean squares
    ratio = (between / within - 1) / m
    d = np.full((1, 6), m)
    squares = np.full((1, 6), between)
    total = n_within * within + n_between * within
    information = ratio_information(
        d, squares, np.array([total]), np.array([20.0]), np.array([ratio]), np.array([True])
    )
    # variances s2, s2 (1 + m l) and their sum, by their slopes in l over themselves
    up = m / (1 + m * ratio)
    slopes = np.array([[0.0, up, m / (2 + m * ratio)]])
    both = (between + within) ** 2 / (between**2 / n_between + within**2 / n_within)
    found = satterthwaite_df(slopes, information)
    np.testing.assert_allclose(found, [[n_within, n_between, both]], rtol=1e-12)


def test_no_block_variance_no_loss() -> None:
    information = ratio_information(
        D, SQUARES, np.array([rss(0.0)]), np.array([N_FREE]), np.zeros(1), np.array([True])
    )
    np.testing.assert_array_equal(satterthwaite_df(np.array([[0.0, 2.0]]), information), N_FREE)


def test_joint_df_is_that_of_the_mean_of_f() -> None:
    df = np.array([[5.0, 12.0, 40.0], [2.5, 1e5, 1e7]])
    mean = np.array([stats.t.var(row).mean() for row in df])
    np.testing.assert_allclose(stats.f.mean(3, joint_df(df)), mean, rtol=1e-10)


def test_joint_df_at_its_limits() -> None:
    df = np.array(
        [[7.3, 7.3], [1.4, 1.4], [1.9, 30.0], [2.0, 30.0], [2.0 + 1e-9, 30.0], [np.nan, 30.0]]
    )
    expected = [7.3, 1.4, 2.0, 2.0, 2.0, np.nan]
    np.testing.assert_allclose(joint_df(df), expected, rtol=1e-8)
    large = joint_df(np.array([[1e12, 1e13]]))[0]  # the harmonic mean
    assert large == pytest.approx(2e13 / 11, rel=1e-9)
    np.testing.assert_allclose(joint_df(np.array([[3.7], [0.8]])), [3.7, 0.8], rtol=1e-15)
