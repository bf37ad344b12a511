"""Priors by likelihood, against limma's (by its port pylimma) and by hand."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import optimize, special, stats

from analyses.stats.moderation.fit_f_dist import VariancePrior, fit_f_dist
from analyses.stats.moderation.likelihood_prior import (
    LogVariances,
    likelihood_prior,
    most_likely_df,
    usable,
)
from analyses.stats.moderation.likelihood_prior_robust import likelihood_prior_robust
from analyses.stats.numeric.weighted_lowess import weighted_lowess
from cohortmart.core.types import Floats
from tests.support.likelihood_variances import CASES, variances
from tests.support.paths import DATA

KINDS = list(product(CASES, (False, True), (False, True)))


def prior(case: str, trend: bool, robust: bool) -> VariancePrior:
    s2, df, covariate = variances(case)
    estimate = likelihood_prior_robust if robust else likelihood_prior
    return estimate(s2, df, covariate if trend else None)


def expected(case: str, trend: bool, robust: bool) -> tuple[list[int], Floats, Floats]:
    """Features, df_prior and s2_prior that pylimma 0.2.0 (limma 3.66.0) gives them."""
    with (DATA / "likelihood_prior.csv").open() as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if (row["case"], row["trend"], row["robust"]) == (case, f"{trend:d}", f"{robust:d}")
        ]
    assert len(rows) == 16
    numbers = [np.array([float(row[name]) for row in rows]) for name in ("df_prior", "s2_prior")]
    return [int(row["feature"]) for row in rows], numbers[0], numbers[1]


def likelihood(data: LogVariances, df_prior: float) -> float:
    """The log-likelihood of a df_prior at the level, from scipy's density of F."""
    s2_prior = np.exp(data.level + special.digamma(df_prior / 2) - np.log(df_prior / 2))
    return float(stats.f.logpdf(data.s2, data.df, df_prior, scale=s2_prior) @ data.weights)


@pytest.mark.parametrize(("case", "trend", "robust"), KINDS)
def test_limma_agrees(case: str, trend: bool, robust: bool) -> None:
    """As far as limma goes: it stops at 1e-4 of df_prior / (1 + df_prior)."""
    found = prior(case, trend, robust)
    at, df_prior, s2_prior = expected(case, trend, robust)
    assert found.method == "likelihood"
    np.testing.assert_allclose(found.df_prior[at], df_prior, rtol=2e-3)
    np.testing.assert_allclose(found.s2_prior[at], s2_prior, rtol=1e-4)
    assert (np.ptp(found.df_prior[at]) > 1) == (case == "outlying" and robust)


@pytest.mark.parametrize(("case", "trend"), list(product(CASES, (False, True))))
def test_limmas_likelihood_is_never_higher(case: str, trend: bool) -> None:
    s2, df, covariate = variances(case)
    _, data = usable(s2, df, covariate if trend else None)
    assert data is not None
    ours = most_likely_df(data)
    theirs = expected(case, trend, False)[1][0]
    assert likelihood(data, ours) >= likelihood(data, theirs)
    for near in (0.999, 1.001):  # and it is a maximum
        assert likelihood(data, ours) > likelihood(data, ours * near)
    assert data.height(ours) - data.height(theirs) == pytest.approx(
        likelihood(data, ours) - likelihood(data, theirs), abs=1e-9
    )


@pytest.mark.parametrize("df_prior", [2.0, 7.5, 300.0])
def test_the_slope_is_that_of_the_likelihood(df_prior: float) -> None:
    s2, df, _ = variances("outlying")
    _, data = usable(s2, df, None)
    assert data is not None
    data = replace(data, weights=np.arange(1.0, len(s2) + 1) / 50)
    step = 1e-4
    by_hand = likelihood(data, df_prior * np.exp(step)) - likelihood(data, df_prior * np.exp(-step))
    assert data.slope(df_prior) == pytest.approx(by_hand / (2 * step), rel=1e-5)


def test_level_and_df_by_hand() -> None:
    s2, df, _ = variances("heavy")
    found = likelihood_prior(s2, df)
    w = 1 / special.polygamma(1, df / 2)
    level = w @ (np.log(s2) - special.digamma(df / 2) + np.log(df / 2)) / w.sum()

    def lost(log_df: float) -> float:
        half = np.exp(log_df) / 2
        scale = np.exp(level + special.digamma(half) - np.log(half))
        return -float(stats.f.logpdf(s2, df, 2 * half, scale=scale).sum())

    best = optimize.minimize_scalar(
        lost, bounds=(0.7, 4), method="bounded", options={"xatol": 1e-9}
    )
    assert found.df_prior[0] == pytest.approx(np.exp(best.x), rel=1e-6)
    assert np.unique(found.df_prior).size == np.unique(found.s2_prior).size == 1


def test_few_degrees_of_freedom_no_longer_spoil_the_prior(rng: np.random.Generator) -> None:
    """A tenth of the features has 1 degree of freedom: both know the truth, one of them better."""
    errors = {fit_f_dist: 0.0, likelihood_prior: 0.0}
    for _ in range(20):
        df = np.where(np.arange(1000) % 10 == 0, 1.0, 12.0)
        s2 = 0.2 * rng.chisquare(df) / df * 5 / rng.chisquare(5, 1000)
        for estimate in errors:
            errors[estimate] += abs(float(np.log(estimate(s2, df).df_prior[0] / 5.0))) / 20
    assert errors[likelihood_prior] < 0.08
    assert errors[likelihood_prior] < errors[fit_f_dist]


def test_the_truth_is_found(rng: np.random.Generator) -> None:
    n = 40_000
    df, mean = rng.choice([4.0, 9.0, 12.0], n), rng.uniform(-2, 12, n)
    true = np.exp(-0.2 * mean)
    s2 = true * rng.chisquare(df) / df * 6 / rng.chisquare(6, n)
    for estimate in (likelihood_prior, likelihood_prior_robust):
        found = estimate(s2, df, mean)
        assert np.median(found.df_prior) == pytest.approx(6.0, rel=0.05)
        assert np.abs(np.log(found.s2_prior / true)).mean() < 0.03


@pytest.mark.parametrize("estimate", [likelihood_prior, likelihood_prior_robust])
def test_variances_that_differ_by_chance_alone(estimate: object, rng: np.random.Generator) -> None:
    """The likelihood rises to the upper limit, 9,998; limma's search ends at 8,135."""
    assert callable(estimate)
    df = rng.choice([5.0, 6.0], 500)
    quantiles = 0.05 + 0.9 * rng.random(500)  # without their tails: less than by chance
    s2 = 0.7 * stats.chi2.ppf(quantiles, df) / df
    found = estimate(s2, df)
    assert (found.df_prior == 9998.0).all()
    _, data = usable(s2, df, None)
    assert data is not None
    assert likelihood(data, 9998.0) > likelihood(data, 8134.842504654847)
    assert found.s2_prior[0] == pytest.approx(0.7, rel=0.1)
    s2[0] = 500.0  # an outlier keeps its own variance where the prior is robust
    spoilt = estimate(s2, df).df_prior
    robust = estimate is likelihood_prior_robust
    assert (spoilt[0] < 0.5) == robust
    assert (spoilt[1:] == 9998.0).all() == robust


def test_wild_variances_have_two_df() -> None:
    """As in limma the search begins at 2."""
    s2, df, _ = variances("heavy")
    found = likelihood_prior(s2**3, df)
    np.testing.assert_allclose(found.df_prior, 2.0, rtol=1e-12)


@pytest.mark.parametrize("estimate", [likelihood_prior, likelihood_prior_robust])
@pytest.mark.parametrize("trend", [False, True])
def test_features_that_say_nothing(estimate: object, trend: bool) -> None:
    assert callable(estimate)
    s2, df, covariate = variances("outlying")
    plain = estimate(s2, df, covariate if trend else None)
    more = np.array([np.nan, 7.0, 7.0, 7.0]), np.array([5.0, 0.0, 0.009, 5.0])
    added = np.array([5.0, 6.0, 7.0, np.nan])
    silent = slice(0, 4 if trend else 3)
    found = estimate(
        np.concatenate([s2, more[0][silent]]), np.concatenate([df, more[1][silent]]),
        np.concatenate([covariate, added[silent]]) if trend else None,
    )  # fmt: skip
    np.testing.assert_array_equal(found.df_prior[: len(s2)], plain.df_prior)
    np.testing.assert_array_equal(found.s2_prior[: len(s2)], plain.s2_prior)
    order = np.argsort(covariate)
    beside = np.log(found.s2_prior[len(s2) :])
    curve = np.interp(added[:3], covariate[order], np.log(plain.s2_prior)[order])
    np.testing.assert_allclose(beside[:3], curve if trend else np.log(plain.s2_prior[:3]))
    assert np.isfinite(beside).all()


def test_zeros_are_lifted() -> None:
    s2, df, _ = variances("light")
    lifted = np.where(np.arange(len(s2)) < 3, 1e-12 * np.median(s2[3:]), s2)
    zeros = np.where(np.arange(len(s2)) < 3, 0.0, s2)
    # the median is that of the variances above 0, in both
    assert likelihood_prior(zeros, df).df_prior[0] == pytest.approx(
        likelihood_prior(np.maximum(lifted, 1e-12 * np.median(s2[3:])), df).df_prior[0], rel=1e-12
    )


@pytest.mark.parametrize("estimate", [likelihood_prior, likelihood_prior_robust])
def test_few_features(estimate: object) -> None:
    assert callable(estimate)
    for s2 in (np.array([1.0]), np.array([np.nan, 2.0]), np.zeros(5)):
        none = estimate(s2, np.arange(3.0, 3 + len(s2)))
        assert (none.df_prior == 0).all()
        assert np.isnan(none.s2_prior).all()
    two = estimate(np.array([1.0, 2.0]), np.array([4.0, 5.0]), np.array([1.0, 2.0]))
    assert np.ptp(two.s2_prior) == 0  # too few for a trend
    three = estimate(np.array([1.0, 2.0, 4.0]), np.array([4.0, 5.0, 4.0]), np.arange(3.0))
    assert np.ptp(three.s2_prior) > 1


def test_weights_count_features() -> None:
    s2, df, _ = variances("heavy")
    _, data = usable(s2, df, None)
    assert data is not None
    times = np.arange(len(s2)) % 3 + 1
    _, repeated = usable(np.repeat(s2, times), np.repeat(df, times), None)
    assert repeated is not None
    weighted = most_likely_df(replace(data, weights=times.astype(float)))
    assert weighted == pytest.approx(most_likely_df(repeated), rel=1e-7)


def test_no_point_of_a_trend_weighs_too_much_or_nothing() -> None:
    """100 times the upper quartile at most, 1e-8 of it at least, as in limma."""
    s2, df, covariate = variances("uneven")
    given = np.where(np.arange(len(s2)) % 7 == 0, 1e-300, 1.0)
    _, data = usable(s2, df, covariate)
    assert data is not None
    data = replace(data, weights=given)
    w = given / special.polygamma(1, df / 2)
    w = w / np.quantile(w, 0.75)
    assert w.max() > 300
    w = np.maximum(np.minimum(w, 100), 1e-8)
    e = np.log(s2) - special.digamma(df / 2) + np.log(df / 2)
    order = np.argsort(covariate)
    by_hand = weighted_lowess(covariate[order], e[order], w[order], 1.0)
    np.testing.assert_allclose(data.level[order], by_hand, rtol=0, atol=1e-12)
