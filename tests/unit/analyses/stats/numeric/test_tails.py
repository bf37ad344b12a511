from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analyses.stats.numeric.tails import f_upper, t_quantile, t_two_sided


@pytest.mark.parametrize("df", [0.3, 1.0, 3.7, 10.0, 51.0, 1e4])
def test_students_t_at_moderate_values(df: float) -> None:
    t = np.array([-8.0, -2.1, -1e-3, 0.0, 0.5, 3.0, 12.0])
    np.testing.assert_allclose(t_two_sided(t, df), 2 * stats.t.sf(np.abs(t), df), rtol=1e-11)


def test_far_tails_keep_their_digits() -> None:
    """t with 2 and with 4 degrees of freedom has a closed form; 1 - cdf would be 0 here."""
    t = np.array([20.0, 1e3, 1e8, 1e40])
    np.testing.assert_allclose(  # 1 - t / sqrt(t^2 + 2), written without cancellation
        t_two_sided(t, 2.0), 2 / (np.sqrt(t**2 + 2) * (np.sqrt(t**2 + 2) + t)), rtol=1e-12
    )
    assert t_two_sided(20.0, 10.0) == pytest.approx(
        2.146062317204251e-09, rel=1e-12
    )  # R: 2*pt(-20, 10)
    assert t_two_sided(40.0, 100.0) == pytest.approx(2 * stats.t.sf(40, 100), rel=1e-10)
    assert 0 < t_two_sided(150.0, 60.0) < 1e-70


def test_cauchy() -> None:
    t = np.array([1e-12, 0.3, 1.0, 7.0, 1e12])
    np.testing.assert_allclose(t_two_sided(t, 1.0), 2 / np.pi * np.arctan2(1.0, t), rtol=1e-12)


def test_infinite_df_is_the_normal() -> None:
    z = np.array([0.0, 0.5, -1.96, 8.0, 37.0])
    np.testing.assert_allclose(t_two_sided(z, np.inf), 2 * stats.norm.sf(np.abs(z)), rtol=1e-12)
    np.testing.assert_allclose(t_two_sided(z[:4], 1e9), 2 * stats.norm.sf(np.abs(z[:4])), rtol=1e-5)
    np.testing.assert_allclose(t_quantile(0.025, np.inf), 1.9599639845400545, rtol=1e-12)


def test_extreme_and_missing_statistics() -> None:
    t = np.array([np.inf, -np.inf, 1e200, np.nan, 1e-200])
    np.testing.assert_array_equal(t_two_sided(t, 9.0), [0.0, 0.0, 0.0, np.nan, 1.0])
    np.testing.assert_array_equal(t_two_sided(t, np.inf), [0.0, 0.0, 0.0, np.nan, 1.0])
    assert np.isnan(t_two_sided(1.0, np.nan))
    assert np.isnan(t_two_sided(np.inf, np.nan))
    assert np.isnan(t_quantile(0.1, np.nan))
    assert np.isnan(f_upper(1.0, 2.0, np.nan))
    np.testing.assert_array_equal(
        f_upper(np.array([np.inf, np.nan, 0.0]), 3.0, 9.0), [0, np.nan, 1]
    )


def test_quantile_is_the_inverse() -> None:
    df = np.array([0.5, 3.0, 30.0, np.inf])
    for tail in (0.5, 0.3, 0.025, 1e-8, 1e-60):
        np.testing.assert_allclose(t_two_sided(t_quantile(tail, df), df), 2 * tail, rtol=1e-9)


def test_f_against_scipy_and_t() -> None:
    f = np.array([0.1, 1.0, 4.2, 30.0])
    np.testing.assert_allclose(f_upper(f, 4.0, 53.5), stats.f.sf(f, 4, 53.5), rtol=1e-11)
    np.testing.assert_allclose(f_upper(f, 4.0, np.inf), stats.chi2.sf(4 * f, 4), rtol=1e-11)
    np.testing.assert_allclose(f_upper(f**2, 1.0, 7.5), t_two_sided(f, 7.5), rtol=1e-10)
    # with df1 = 2: (1 + 2 f / df2)^(-df2 / 2)
    far = np.array([50.0, 5e3, 5e8])
    np.testing.assert_allclose(f_upper(far, 2.0, 12.0), (1 + far / 6) ** -6.0, rtol=1e-10)


def test_shapes_are_broadcast() -> None:
    assert t_two_sided(np.ones((4, 2)), np.full((4, 1), 5.0)).shape == (4, 2)
    assert f_upper(np.ones(4), 2.0, np.full(4, np.inf)).shape == (4,)
