"""Interval of the biological correlation: against the likelihood itself, and in made-up studies."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from analyses.stats.moderation.genas import Genas, genas
from cohortmart.core.types import Floats
from tests.unit.analyses.stats.moderation.test_genas import V0, log_likelihood, simulated

Data = tuple[Floats, Floats, Floats, Floats]


def covariance(sd: Floats, rho: float) -> Floats:
    c = rho * sd[0] * sd[1]
    return np.array([[sd[0] ** 2, c], [c, sd[1] ** 2]])


def deviance(found: Genas, data: Data, rho: float) -> float:
    """Twice what the likelihood loses where the correlation is this one, by another search."""
    profile = min(
        optimize.minimize(
            lambda root: -log_likelihood(covariance(root**2, rho), *data), np.sqrt(start),
            method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8},
        ).fun
        for start in (np.sqrt(np.diag(found.covariance)), np.array([0.3, 0.3]))
    )  # fmt: skip
    return 2 * (log_likelihood(found.covariance, *data) + profile)


POINT = stats.chi2.isf(0.05, 1)


@pytest.mark.parametrize("rho", [-0.6, 0.0, 0.8])
def test_ends_lie_where_the_likelihood_has_lost_what_is_allowed(rho: float) -> None:
    data = simulated(120, covariance(np.array([1.5, 1.0]), rho), seed=4)
    data[3][:5] = np.inf
    found = genas(*data)
    assert -1 < found.ci_low < found.r < found.ci_high < 1
    assert deviance(found, data, found.ci_low) == pytest.approx(POINT, abs=5e-3)
    assert deviance(found, data, found.ci_high) == pytest.approx(POINT, abs=5e-3)


def test_an_end_at_the_bound_is_one_that_the_data_go_with() -> None:
    data = simulated(150, covariance(np.array([0.5, 0.5]), 0.9), seed=12)
    found = genas(*data)
    assert found.ci_high == 1.0
    assert deviance(found, data, 1.0) < POINT
    assert deviance(found, data, found.ci_low) == pytest.approx(POINT, abs=5e-3)


def test_one_common_change_has_a_one_sided_interval() -> None:
    b, v, s2, df = simulated(2000, np.zeros((2, 2)), seed=2)
    shared = np.random.default_rng(3).normal(size=len(b)) * 3 * np.sqrt(s2)
    for sign in (1.0, -1.0):
        found = genas(0.5 * b + shared[:, None] * [1, sign], v, s2, df)
        ends = sorted((sign * found.ci_low, sign * found.ci_high))
        assert ends[1] == 1.0
        assert 0.9 < ends[0] < 1.0


def test_hardly_any_true_change_tells_nothing_of_its_correlation() -> None:
    found = genas(*simulated(100, covariance(np.array([0.25, 0.25]), 0.5), seed=1))
    assert found.ci_high - found.ci_low > 1.2


def test_without_a_correlation_there_is_no_interval() -> None:
    b, v, s2, df = simulated(500, np.zeros((2, 2)), seed=1)
    b[:, 0] *= 0.3
    none, few = genas(b, v, s2, df), genas(b[:19], v[:19], s2[:19], df[:19])
    assert np.isnan([none.ci_low, none.ci_high, few.ci_low, few.ci_high]).all()


def test_order_sign_and_units_of_the_contrasts() -> None:
    est, v, s2, df = simulated(150, V0, seed=8)
    found = genas(est, v, s2, df)
    swapped = genas(est[:, ::-1] * 7, v[:, ::-1], s2 * 49, df)
    turned = genas(est * [1, -1], v * [1, -1, 1], s2, df)
    assert (swapped.ci_low, swapped.ci_high) == pytest.approx(
        (found.ci_low, found.ci_high), abs=1e-4
    )
    assert (-turned.ci_high, -turned.ci_low) == pytest.approx(
        (found.ci_low, found.ci_high), abs=1e-4
    )


#: Features, standard deviations of the true changes in units of s, their correlation.
STUDIES = {
    "swings back": (1000, (1.0, 0.8), -0.7),
    "unrelated": (1000, (1.0, 0.8), 0.0),
    "small changes": (2000, (0.4, 0.4), -0.6),
    "few features": (200, (1.0, 1.0), 0.5),
    "near the bound": (2000, (1.0, 1.0), 0.95),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_intervals_hold_the_truth_in_95_of_100_studies(name: str) -> None:
    """Features independent; one standard error of a share of 400 studies is 0.011."""
    n, sd, rho = STUDIES[name]
    found = [genas(*simulated(n, covariance(np.array(sd), rho), seed=s)) for s in range(400)]
    held = np.mean([f.ci_low <= rho <= f.ci_high for f in found])
    assert abs(held - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 400)
    # neither end gives way more than the other, but near the bound
    above = np.mean([f.ci_low > rho for f in found])
    assert 0.002 < above < 0.05
