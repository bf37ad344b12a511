"""Share of a difference that is gone: Fieller's interval, against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from analyses.stats.returns.return_share import Returning, return_share

Q = 2.05


def given(n: int = 400, seed: int = 3) -> Returning:
    """Differences of all sizes; errors that oppose each other, and some that go together."""
    rng = np.random.default_rng(seed)
    sd_x, sd_c = rng.uniform(0.3, 2.0, (2, n))
    rho = rng.uniform(-0.95, 0.6, n)
    x, c = rng.normal(0, 3, n), rng.normal(0, 3, n)
    return Returning(x, c, sd_x**2, sd_c**2, rho * sd_x * sd_c, np.full(n, 20.0))


def beyond(r: float, of: Returning, i: int) -> float:
    """Square of c + r x less that of its half width: 0 at the ends, below it inside."""
    variance = of.change_variance[i] + 2 * r * of.covariance[i] + r**2 * of.baseline_variance[i]
    return float((of.change[i] + r * of.baseline[i]) ** 2 - Q**2 * variance)


def test_the_ends_are_where_the_definition_has_them() -> None:
    of = given()
    found = return_share(of, np.full(400, Q))
    assert 100 < found.is_bounded.sum() < 400
    for i in np.flatnonzero(found.is_bounded)[:120]:
        share = found.share[i]
        assert share == -of.change[i] / of.baseline[i]
        assert beyond(share, of, i) < 0
        step = 1.0
        while beyond(share - step, of, i) < 0 or beyond(share + step, of, i) < 0:
            step *= 2
        low = optimize.brentq(beyond, share - step, share, args=(of, i), xtol=1e-13)
        high = optimize.brentq(beyond, share, share + step, args=(of, i), xtol=1e-13)
        assert found.ci_low[i] == pytest.approx(low, abs=1e-9, rel=1e-9)
        assert found.ci_high[i] == pytest.approx(high, abs=1e-9, rel=1e-9)


def test_without_a_clear_difference_every_share_is_possible() -> None:
    of = given()
    found = return_share(of, np.full(400, Q))
    clear = np.abs(of.baseline) > Q * np.sqrt(of.baseline_variance)
    np.testing.assert_array_equal(found.is_bounded, clear)
    assert np.isnan(found.ci_low[~clear]).all()
    assert np.isnan(found.ci_high[~clear]).all()
    assert np.isfinite(found.share).all()
    for i in np.flatnonzero(~clear)[:50]:  # far away on either side is inside
        assert min(beyond(1e6, of, i), beyond(-1e6, of, i)) < 0


def test_small_returns_keep_their_digits() -> None:
    one = np.ones(1)
    of = Returning(1e8 * one, -1.0 * one, 1e-6 * one, 1e-20 * one, 0 * one, 30.0 * one)
    found = return_share(of, Q * one)
    assert found.share[0] == pytest.approx(1e-8, rel=1e-12)
    assert found.ci_low[0] < 1e-8 < found.ci_high[0]
    assert found.ci_high[0] - found.ci_low[0] == pytest.approx(2 * Q * 1e-10 / 1e8, rel=1e-3)


def test_nothing_is_said_of_what_is_not_known() -> None:
    x = np.array([0.0, np.nan, 2.0])
    c = np.array([1.0, 1.0, np.nan])
    one = np.full(3, 0.01)
    found = return_share(Returning(x, c, one, one, -0.5 * one, np.full(3, 9.0)), np.full(3, Q))
    assert np.isnan(found.share).all()
    assert not found.is_bounded.any()
    assert np.isnan(found.ci_low).all()
