from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats
from scipy.interpolate import CubicSpline

from analyses.stats.moderation.fit_f_dist import (
    fit_f_dist,
    natural_spline,
    spline_fit,
    trigamma_inverse,
)
from analyses.stats.moderation.fit_f_dist_robust import fit_f_dist_robust


def scaled_f(
    rng: np.random.Generator, n: int, df: float, df_prior: float, s2_prior: float
) -> np.ndarray:
    return np.asarray(s2_prior * rng.chisquare(df, n) / df * df_prior / rng.chisquare(df_prior, n))


def test_trigamma_inverse() -> None:
    y = np.array([1e-3, 0.1, 1.0, 7.3, 400.0, 1e6])
    np.testing.assert_allclose(trigamma_inverse(special.polygamma(1, y)), y, rtol=1e-9)


def test_moments_by_hand(rng: np.random.Generator) -> None:
    s2, df = scaled_f(rng, 300, 5.0, 4.0, 0.3), np.full(300, 5.0)
    e = np.log(s2) - special.digamma(2.5) + np.log(2.5)
    excess = e.var(ddof=1) - special.polygamma(1, 2.5)
    found = fit_f_dist(s2, df)
    half = found.df_prior[0] / 2
    assert special.polygamma(1, half) == pytest.approx(excess, rel=1e-9)
    assert np.log(found.s2_prior[0]) == pytest.approx(
        e.mean() + special.digamma(half) - np.log(half), rel=1e-9
    )
    assert np.unique(found.df_prior).size == np.unique(found.s2_prior).size == 1


def test_the_truth_is_found(rng: np.random.Generator) -> None:
    n = 40_000
    s2, df = scaled_f(rng, n, 12.0, 5.0, 0.2), np.full(n, 12.0)
    for prior in (fit_f_dist(s2, df), fit_f_dist_robust(s2, df)):
        assert np.median(prior.df_prior) == pytest.approx(5.0, rel=0.05)
        assert prior.s2_prior[0] == pytest.approx(0.2, rel=0.03)


def test_trend_is_found(rng: np.random.Generator) -> None:
    n = 5000
    mean = rng.uniform(-2, 12, n)
    true = np.exp(-0.2 * mean)
    s2, df = true * scaled_f(rng, n, 12.0, 6.0, 1.0), np.full(n, 12.0)
    for prior in (fit_f_dist(s2, df, mean), fit_f_dist_robust(s2, df, mean)):
        assert np.abs(np.log(prior.s2_prior / true)).mean() < 0.06
        assert np.median(prior.df_prior) == pytest.approx(6.0, rel=0.12)
    # who ignores the trend takes it for variability
    assert fit_f_dist(s2, df).df_prior[0] < 5.0


def test_infinite_prior(rng: np.random.Generator) -> None:
    s2 = 0.7 * (1 + 0.01 * rng.normal(size=50))
    found = fit_f_dist(s2, np.full(50, 4.0))
    assert np.isinf(found.df_prior).all()
    np.testing.assert_allclose(found.s2_prior, s2.mean(), rtol=1e-12)


def test_features_that_say_nothing_are_left_out(rng: np.random.Generator) -> None:
    s2, df = scaled_f(rng, 80, 6.0, 4.0, 1.0), np.full(80, 6.0)
    mean = rng.normal(size=80)
    more, fewer = np.append(s2, [np.nan, 1e9]), np.append(df, [0.0, 0.0])
    with_trend = np.append(mean, [np.nan, 0.1])
    for estimate in (fit_f_dist, fit_f_dist_robust):
        for a, b in (
            (estimate(s2, df), estimate(more, fewer)),
            (estimate(s2, df, mean), estimate(more, fewer, with_trend)),
        ):
            np.testing.assert_allclose(b.df_prior[:80], a.df_prior, rtol=1e-12)
            np.testing.assert_allclose(b.s2_prior[:80], a.s2_prior, rtol=1e-12)
            assert np.isfinite(b.s2_prior).all()
            assert np.isfinite(b.df_prior).all()


@pytest.mark.parametrize("n", [0, 1])
def test_a_feature_by_itself_is_not_shrunk(n: int) -> None:
    for estimate in (fit_f_dist, fit_f_dist_robust):
        for trend in (None, np.ones(n)):
            found = estimate(np.arange(1.0, n + 1), np.full(n, 3.0), trend)
            np.testing.assert_array_equal(found.df_prior, np.zeros(n))


#: limma 3.54.1, fitFDist and fitFDistRobustly of these variances on 5 degrees of freedom: scale
#: and df2; the same plain and robust.
FEW = [
    ([0.5, 1], 0.75, np.inf),
    ([0.5, 50], 0.80803877, 0.66602025),
    ([0, 1], 3.1527379e-06, 0.23472287),
    ([0.5, 1, 2], 7 / 6, np.inf),
    ([0.5, 5, 200], 1.5593939, 0.72637702),
    ([1, 1, 1], 1.0, np.inf),
    ([0.5, 1, 2, 3, 4], 1.8329422, 9.9188276),
    ([300, 1, 2, 3, 4, 1.5, 2.5, 0.5, 0.8], 1.406832, 1.345022),
]
#: The same with the trend 1, 2, ...
FEW_TREND = [
    ([0.5, 1], [0.75, 0.75], np.inf),
    ([0.5, 50], [0.80803877, 0.80803877], 0.66602025),
    ([0.5, 1, 2], [0.61877529, 1.23755058, 2.47510117], np.inf),
    ([1, 1, 1], [1.2375506] * 3, np.inf),
    ([0.5, 1, 2, 3, 4], [0.71078616, 1.20245570, 2.03422604, 3.44135386, 5.82182913], np.inf),
]


@pytest.mark.parametrize(("s2", "scale", "df_prior"), FEW)
def test_few_features_have_limmas_prior_robust_or_not(
    s2: list[float], scale: float, df_prior: float
) -> None:
    given, df = np.array(s2, float), np.full(len(s2), 5.0)
    for estimate in (fit_f_dist, fit_f_dist_robust):
        found = estimate(given, df)
        assert found.s2_prior == pytest.approx(np.full(len(s2), scale), rel=1e-6)
        assert found.df_prior == pytest.approx(np.full(len(s2), df_prior), rel=1e-6)


@pytest.mark.parametrize(("s2", "scale", "df_prior"), FEW_TREND)
def test_few_features_have_limmas_trend(
    s2: list[float], scale: list[float], df_prior: float
) -> None:
    given, df = np.array(s2, float), np.full(len(s2), 5.0)
    for estimate in (fit_f_dist, fit_f_dist_robust):
        found = estimate(given, df, np.arange(1.0, len(s2) + 1))
        assert found.s2_prior == pytest.approx(np.array(scale), rel=1e-7)
        assert found.df_prior == pytest.approx(np.full(len(s2), df_prior), rel=1e-7)


def test_ten_features_are_enough_to_tell_an_outlier() -> None:
    """limma 3.54.1: nine of these have the plain prior (above), ten the robust one."""
    found = fit_f_dist_robust(
        np.array([300, 1, 2, 3, 4, 1.5, 2.5, 0.5, 0.8, 1.2]), np.full(10, 5.0)
    )
    assert found.s2_prior == pytest.approx(np.full(10, 1.9996893), rel=1e-6)
    assert found.df_prior == pytest.approx(np.array([0.214245608, *[9.078914864] * 9]), rel=1e-5)


def test_variances_of_zero_do_not_break_the_logarithm(rng: np.random.Generator) -> None:
    s2, df = scaled_f(rng, 60, 6.0, 4.0, 1.0), np.full(60, 6.0)
    some, most = s2.copy(), s2.copy()
    some[:3], most[:40] = 0.0, 0.0
    for values in (some, most, np.zeros(60)):
        for covariate in (None, np.linspace(0, 1, 60)):
            for estimate in (fit_f_dist, fit_f_dist_robust):
                found = estimate(values, df, covariate)
                assert (found.s2_prior > 0).all()
                assert np.isfinite(found.s2_prior).all()
    floor = np.where(some > 0, some, 1e-5 * np.median(some))
    np.testing.assert_allclose(
        fit_f_dist(some, df).df_prior, fit_f_dist(floor, df).df_prior, rtol=1e-12
    )


@pytest.mark.parametrize("k", [2, 3, 4, 7])
def test_natural_splines_span_scipys(k: int, rng: np.random.Generator) -> None:
    """Same column space as all natural cubic splines through values at the knots."""
    knots = np.sort(rng.uniform(0, 20, k))
    x = np.sort(rng.uniform(knots[0], knots[-1], 50))
    if k == 2:
        of_scipy = np.column_stack([np.ones(50), x])
    else:
        of_scipy = np.column_stack(
            [CubicSpline(knots, unit, bc_type="natural")(x) for unit in np.eye(k)]
        )
    found = natural_spline(x, knots)
    assert found.shape == (50, k)
    q = np.linalg.qr(found)[0]
    np.testing.assert_allclose(q @ (q.T @ of_scipy), of_scipy, atol=1e-9)


def test_natural_splines_are_straight_outside() -> None:
    knots = np.array([0.0, 1.0, 4.0, 5.0])
    outside = np.array([-9.0, -6.0, -3.0, 8.0, 11.0, 14.0])
    second = np.diff(natural_spline(outside, knots).reshape(2, 3, 4), n=2, axis=1)
    np.testing.assert_allclose(second, 0.0, atol=1e-10)


@pytest.mark.parametrize("side", ["lowest", "highest", "both", "all"])
def test_many_features_with_the_same_mean(side: str, rng: np.random.Generator) -> None:
    """Empty genes all have the lowest mean there is."""
    x = rng.uniform(0, 1, 100)
    if side in ("lowest", "both"):
        x[:45] = 0.0
    if side in ("highest", "both"):
        x[55:] = 1.0
    if side == "all":
        x[:] = 0.5
    e = x + rng.normal(0, 0.1, 100)
    fitted, spread, everywhere = spline_fit(x, e, np.array([0.0, np.nan, 1.0]))
    assert np.isfinite(everywhere).all()
    assert spread == pytest.approx(((e - fitted) ** 2).sum() / 98, rel=0.05)
    found = fit_f_dist(np.exp(e), np.full(100, 5.0), x)
    assert np.isfinite(found.s2_prior).all()


def test_robust_is_plain_without_outliers(rng: np.random.Generator) -> None:
    s2, df = scaled_f(rng, 5000, 10.0, 4.0, 1.0), np.full(5000, 10.0)
    plain, robust = fit_f_dist(s2, df), fit_f_dist_robust(s2, df)
    assert np.median(robust.df_prior) == pytest.approx(plain.df_prior[0], rel=0.08)
    assert robust.s2_prior[0] == pytest.approx(plain.s2_prior[0], rel=0.05)


def test_robust_withstands_outliers(rng: np.random.Generator) -> None:
    s2, df = scaled_f(rng, 2000, 10.0, 8.0, 1.0), np.full(2000, 10.0)
    clean = fit_f_dist(s2, df)
    s2[:40] *= 500.0
    spoiled, robust = fit_f_dist(s2, df), fit_f_dist_robust(s2, df)
    usual = np.median(robust.df_prior)
    assert spoiled.df_prior[0] < 0.6 * clean.df_prior[0]
    assert usual == pytest.approx(clean.df_prior[0], rel=0.2)
    assert (robust.df_prior[:40] < 0.6 * usual).all()
    assert (robust.df_prior <= usual + 1e-9).all()
    # the larger the variance, the smaller the df_prior
    assert (np.diff(robust.df_prior[np.argsort(s2)]) <= 1e-9).all()


def test_robust_brings_variances_to_one_df(rng: np.random.Generator) -> None:
    """Fewer degrees of freedom (missing values) make a variance vary more, not an outlier."""
    df = np.where(np.arange(6000) % 3 == 0, 3.0, 12.0)
    s2 = rng.chisquare(df) / df * 5.0 / rng.chisquare(5.0, 6000)
    found = fit_f_dist_robust(s2, df)
    assert np.median(found.df_prior) == pytest.approx(5.0, rel=0.15)
    usual = np.median(found.df_prior)
    shares = [(found.df_prior[df == d] < 0.9 * usual).mean() for d in (3.0, 12.0)]
    assert max(shares) < 0.05


def test_robust_prior_may_be_infinite(rng: np.random.Generator) -> None:
    s2 = rng.chisquare(9.0, 400) / 9.0
    s2 = np.exp(0.8 * np.log(s2))  # less spread than chance has
    s2[0] = 50.0
    found = fit_f_dist_robust(s2, np.full(400, 9.0))
    assert np.isinf(found.df_prior[1:]).mean() > 0.95
    assert found.df_prior[0] < 10.0


def test_winsorised_moments_by_simulation(rng: np.random.Generator) -> None:
    from analyses.stats.moderation.fit_f_dist_robust import _winsorised_moments

    for df2 in (3.0, 40.0, np.inf):
        f = rng.chisquare(7.0, 400_000) / 7.0
        if np.isfinite(df2):
            f /= rng.chisquare(df2, 400_000) / df2
        z = np.log(f)
        z = np.clip(z, *np.quantile(z, [0.05, 0.9]))
        mean, variance = _winsorised_moments(7.0, df2)
        assert mean == pytest.approx(z.mean(), abs=5e-3)
        assert variance == pytest.approx(z.var(), rel=0.01)
    assert stats.f(7.0, 1e9).ppf(0.5) == pytest.approx(stats.chi2(7.0).ppf(0.5) / 7.0, rel=1e-6)
