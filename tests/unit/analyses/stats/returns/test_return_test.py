"""Test of a return, against the same chances by drawing, and by integrals of their own."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from analyses.stats.returns.return_share import Returning
from analyses.stats.returns.return_test import CHOSEN, ReturnTest, return_test
from cohortmart.core.types import Floats


def of_t(t_x: Floats, t_c: Floats, rho: Floats, df: float) -> tuple[Returning, ReturnTest]:
    """Features by the t statistics of difference and change, in units of their own."""
    sd_x, sd_c = 0.3, 1.7
    n = len(t_x)
    given = Returning(
        t_x * sd_x,
        t_c * sd_c,
        np.full(n, sd_x**2),
        np.full(n, sd_c**2),
        rho * sd_x * sd_c,
        np.full(n, df),
    )
    return given, return_test(given)


@cache
def grid(df: float) -> Floats:
    edges = np.linspace(0, 1, 60_001)
    return np.asarray(stats.t(df).ppf((edges[1:] + edges[:-1]) / 2))


def drawn(t_x: float, t_c: float, rho: float, df: float) -> tuple[float, float, float]:
    """Chances of a move as large, of one away, and of any towards, given the choice: by a grid."""
    c = grid(df)
    x = t_x - rho * t_c + rho * c
    q = stats.t(df).isf(CHOSEN / 2)
    chosen = np.abs(x) >= q
    opposite = np.sign(x) != np.sign(c)
    large = np.abs(c) >= abs(t_c)
    n = chosen.sum()
    return (
        (chosen & opposite & large).sum() / n,
        (chosen & ~opposite & large).sum() / n,
        (chosen & opposite).sum() / n,
    )


CASES = (
    (3.0, -2.5, -0.6), (-3.0, 2.5, -0.6), (2.2, -1.0, -0.5), (2.2, -2.2, -0.8), (5.0, 1.5, -0.6),
    (-2.5, -1.8, -0.4), (2.5, -2.0, 0.4), (2.5, 2.0, 0.5), (-4.0, 3.0, 0.0), (2.1, -3.0, -0.95),
)  # fmt: skip


@pytest.mark.parametrize("df", [6.0, 35.0])
def test_chances_given_the_choice(df: float) -> None:
    t_x, t_c, rho = np.array(CASES).T
    _, found = of_t(t_x, t_c, rho, df)
    for i, case in enumerate(CASES):
        if not found.found.is_bounded[i]:
            assert abs(case[0]) < stats.t(df).isf(0.025)
            assert np.isnan(found.p_value[i])
            continue
        towards, away, any_towards = drawn(*case, df)
        least = 2 * stats.t(df).sf(abs(case[0])) / CHOSEN
        assert found.p_baseline[i] == pytest.approx(least * CHOSEN, rel=1e-9)
        moved = case[0] * case[1] < 0
        expected = max(least, towards) if moved else 1.0
        assert found.p_value[i] == pytest.approx(expected, abs=3e-4)
        assert found.p_away[i] == pytest.approx(1.0 if moved else max(least, away), abs=3e-4)
        assert found.chance_towards[i] == pytest.approx(any_towards, abs=3e-4)


def test_a_feature_that_is_not_chosen_is_not_tested() -> None:
    _, found = of_t(np.array([1.9, 2.2]), np.array([-4.0, -4.0]), np.array([-0.5, -0.5]), 30.0)
    assert np.isnan(found.p_value[0])
    assert np.isnan(found.p_away[0])
    assert np.isnan(found.chance_towards[0])
    assert 0 < found.p_value[1] <= 1


def test_the_choice_matters_where_it_hangs_on_the_shared_error() -> None:
    """Just beyond the threshold because of the same error that makes the change."""
    _, found = of_t(np.array([2.3, 9.0]), np.array([-2.6, -2.6]), np.array([-0.7, -0.7]), 60.0)
    plain = stats.t(60).sf(2.6)
    assert found.p_value[0] > 20 * plain
    assert found.p_value[1] == pytest.approx(plain, rel=0.01)
    assert found.chance_towards[0] > 0.95
    assert found.chance_towards[1] == pytest.approx(0.5, abs=0.001)


def test_signs_and_units_play_no_part() -> None:
    rng = np.random.default_rng(2)
    t_x, t_c = rng.normal(0, 3, 200), rng.normal(0, 3, 200)
    rho = rng.uniform(-0.9, 0.3, 200)
    given, found = of_t(t_x, t_c, rho, 17.0)
    turned = return_test(
        Returning(-4 * given.baseline, -4 * given.change, 16 * given.baseline_variance,
                  16 * given.change_variance, 16 * given.covariance, given.df)
    )  # fmt: skip
    for name in ("p_value", "p_away", "chance_towards", "p_baseline"):
        np.testing.assert_allclose(getattr(turned, name), getattr(found, name), rtol=1e-10)
    known = found.found.is_bounded
    assert ((found.p_value[known] == 1) | (found.p_away[known] == 1)).all()


def test_missing_estimates_and_known_variances() -> None:
    one = np.ones(3)
    given = Returning(
        np.array([np.nan, 4.0, 4.0]), np.array([1.0, np.nan, -3.0]), one, one, -0.5 * one,
        np.array([9.0, 9.0, np.inf]),
    )  # fmt: skip
    found = return_test(given)
    assert np.isnan(found.p_value[:2]).all()
    rest, q = 4.0 - 1.5, stats.norm.isf(0.025)
    chosen = stats.norm.cdf((rest - q) / 0.5) + stats.norm.cdf((-q - rest) / 0.5)
    assert found.p_value[2] == pytest.approx(
        max(2 * stats.norm.sf(4.0) / CHOSEN, stats.norm.sf(3.0) / chosen), rel=1e-4
    )
