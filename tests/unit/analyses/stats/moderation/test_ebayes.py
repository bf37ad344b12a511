from __future__ import annotations

import csv
from dataclasses import fields, replace
from itertools import groupby

import numpy as np
import pytest
from scipy import stats
from scipy.stats import norm

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.moderation.ebayes import ModeratedFit, ebayes, joint_test
from analyses.stats.moderation.fit_f_dist import VariancePrior, fit_f_dist
from analyses.stats.moderation.fit_f_dist_robust import fit_f_dist_robust
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.types import Floats
from tests.support.paths import DATA

TWO_GROUPS = np.column_stack([np.ones(12), np.repeat([0.0, 1.0], 6)])
COEFFICIENTS = ("df_prior", "s2_prior", "df_total", "t", "p", "b")


def matrices() -> dict[str, Floats]:
    """The matrices of limma_moderation.R."""
    g, s = np.arange(1, 81)[:, None], np.arange(1, 13)[None, :]
    noise = norm.ppf(((g * 7919 + s * 104729 + g * g * s * 31) % 1009 + 0.5) / 1009)
    level = 5 + (g * 13) % 17 / 3
    varied = level + noise * np.exp(((g * 17) % 23 - 11) / 12)
    missing = np.where((g * s) % 37 == 0, np.nan, varied)
    missing[6, :9], missing[10, 1:6] = np.nan, np.nan
    some = missing.copy()
    some[[36, 73]] = varied[[36, 73]]
    outliers = varied.copy()
    outliers[[6, 29, 51]] = (level + noise * 12)[[6, 29, 51]]
    steady = np.tile([-1.3, -0.4, 0.2, 0.9, 1.1, 2.0], 2)
    alike = level + steady * (1 + ((g * 29) % 31 - 15) / 200) + noise * 0.001
    but_one = alike.copy()
    but_one[6] = (level + 6 * noise)[6]
    mildly = alike.copy()
    mildly[6] = (level + 2 * noise)[6]
    changed = some.copy()
    changed[np.ix_([1, 29, 51], range(6, 12))] += 4
    changed[10, 6:] += 15
    flat = varied.copy()
    flat[[1, 36]] = (level + noise * 1e-6)[[1, 36]]
    return {
        "varied": varied,
        "missing": missing,
        "missing_some": some,
        "outliers": outliers,
        "alike": alike,
        "alike_but_one": but_one,
        "alike_but_mildly": mildly,
        "changed": changed,
        "flat": flat,
    }


def limma_cases() -> list[tuple[str, bool, bool, list[dict[str, str]]]]:
    with (DATA / "limma_moderation.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [
        (name, trend == "TRUE", robust == "TRUE", list(group))
        for (name, trend, robust), group in groupby(
            rows, key=lambda r: (r["case"], r["trend"], r["robust"])
        )
    ]


def analysed(
    y: Floats, design: Floats, contrasts: Floats, trend: bool = False, robust: bool = False
) -> tuple[VariancePrior, ModeratedFit]:
    fit = fit_contrasts(y, design_basis(design), contrasts)
    estimate = fit_f_dist_robust if robust else fit_f_dist
    prior = estimate(fit.sigma2, fit.df_residual, fit.mean if trend else None)
    return prior, ebayes(fit, prior)


@pytest.mark.parametrize(
    ("name", "trend", "robust", "rows"),
    limma_cases(),
    ids=[
        f"{name}{' trend' * trend}{' robust' * robust}" for name, trend, robust, _ in limma_cases()
    ],
)
def test_limma_agrees(name: str, trend: bool, robust: bool, rows: list[dict[str, str]]) -> None:
    """Finite and infinite priors, missing values, outliers, trend, robust and both."""
    prior, found = analysed(matrices()[name], TWO_GROUPS, np.eye(2), trend, robust)
    mine = (
        prior.df_prior, prior.s2_prior, found.df_total[:, 1],
        found.t[:, 1], found.p_value[:, 1], found.b[:, 1],
    )  # fmt: skip
    features = np.array([int(r["feature"]) for r in rows]) - 1
    assert len(features) == 8
    atol = dict.fromkeys(COEFFICIENTS, 0.0) | {"t": 1e-12}
    for column, values in zip(COEFFICIENTS, mine, strict=True):
        expected = np.array([float(r[column].replace("NA", "nan")) for r in rows])
        chosen = values[features]
        np.testing.assert_allclose(chosen, expected, rtol=1e-8, atol=atol[column], err_msg=column)


def test_formulas(rng: np.random.Generator) -> None:
    y = rng.normal(size=(30, 12)) * np.exp(rng.normal(size=(30, 1)))
    fit = fit_contrasts(y, design_basis(TWO_GROUPS), np.eye(2))
    prior = VariancePrior(np.full(30, 4.0), np.full(30, 0.8))
    found = ebayes(fit, prior)
    s2_post = (4 * 0.8 + 10 * fit.sigma2) / 14
    np.testing.assert_allclose(found.s2_post, s2_post, rtol=1e-13)
    np.testing.assert_array_equal(found.df_total, 14.0)
    np.testing.assert_allclose(found.se, np.sqrt(s2_post)[:, None] * fit.unscaled_sd, rtol=1e-13)
    np.testing.assert_allclose(found.t, fit.estimate / found.se, rtol=1e-13)
    np.testing.assert_allclose(found.p_value, 2 * stats.t.sf(np.abs(found.t), 14), rtol=1e-10)
    half = stats.t.isf(0.025, 14) * found.se
    np.testing.assert_allclose(found.ci_low, fit.estimate - half, rtol=1e-10)
    np.testing.assert_allclose(found.ci_high, fit.estimate + half, rtol=1e-10)
    joint = joint_test(fit, prior)
    np.testing.assert_allclose(joint.f, fit.wald / s2_post[:, None], rtol=1e-13)
    np.testing.assert_allclose(joint.p_value, stats.f.sf(joint.f, 2, 14), rtol=1e-10)


def test_df_of_each_contrast(rng: np.random.Generator) -> None:
    """A mixed model's contrasts and sets have their own; the variance has the residual ones."""
    y = rng.normal(size=(40, 12)) * np.exp(rng.normal(size=(40, 1)))
    y[0, 1:11] = np.nan  # no residual left
    y[1] = np.nan
    sets = [(0, 1), (1,), (0,)]
    plain = fit_contrasts(y, design_basis(TWO_GROUPS), np.eye(2), sets=sets)
    own = rng.uniform(0.5, 10, (40, 2))
    own[0], own[1], own[2] = 0.0, np.nan, 400.0
    of_sets = rng.uniform(0.5, 10, (40, 3))
    fit = replace(plain, df_contrast=own, df_wald=of_sets)
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    d0, most = prior.df_prior[0], fit.df_residual.sum()
    assert 0 < d0 < 100
    assert most == 380.0
    found, shared = ebayes(fit, prior), ebayes(plain, prior)
    np.testing.assert_array_equal(found.s2_post, shared.s2_post)
    np.testing.assert_array_equal(found.t, shared.t)
    np.testing.assert_array_equal(found.se, shared.se)
    expected = np.where(np.arange(40)[:, None] == 2, most, own + d0)
    expected[1] = d0  # nothing but the prior is known of it
    np.testing.assert_allclose(found.df_total, expected, rtol=1e-14)
    tail = 2 * stats.t.sf(np.abs(found.t), expected)
    np.testing.assert_allclose(found.p_value, tail, rtol=1e-9)
    half = stats.t.isf(0.025, expected) * found.se
    np.testing.assert_allclose(found.ci_high - fit.estimate, half, rtol=1e-9)
    joint = joint_test(fit, prior)
    assert joint.df1 == (2, 1, 1)
    np.testing.assert_allclose(joint.df2[2:], of_sets[2:] + d0, rtol=1e-14)
    np.testing.assert_array_equal(joint.f, joint_test(plain, prior).f)
    f_tail = stats.f.sf(joint.f, np.array([2, 1, 1]), joint.df2)
    np.testing.assert_allclose(joint.p_value, f_tail, rtol=1e-9)


def test_shared_df_written_out_change_nothing(rng: np.random.Generator) -> None:
    y = rng.normal(size=(3000, 12)) * np.sqrt(6.0 / rng.chisquare(6.0, size=(3000, 1)))
    y[rng.random(y.shape) < 0.02] = np.nan
    plain = fit_contrasts(y, design_basis(TWO_GROUPS), np.eye(2))
    df = np.repeat(plain.df_residual[:, None], 2, axis=1)
    prior = fit_f_dist(plain.sigma2, plain.df_residual)
    here = ebayes(plain, prior)
    there = ebayes(replace(plain, df_contrast=df, df_wald=df[:, :1]), prior)
    assert here.df_total.strides[1] == 0
    for field in fields(here):
        values = getattr(here, field.name), getattr(there, field.name)
        np.testing.assert_allclose(*values, rtol=1e-11, atol=1e-13, err_msg=field.name)


def test_without_shrinkage_it_is_the_t_test(rng: np.random.Generator) -> None:
    y = rng.normal(size=(1, 12))  # a feature by itself is not shrunk
    prior, found = analysed(y, TWO_GROUPS, np.eye(2))
    np.testing.assert_array_equal(prior.df_prior, 0.0)
    expected = stats.ttest_ind(y[:, 6:], y[:, :6], axis=1)
    np.testing.assert_allclose(found.t[:, 1], expected.statistic, rtol=1e-10)
    np.testing.assert_allclose(found.p_value[:, 1], expected.pvalue, rtol=1e-10)


def test_total_df_never_exceeds_what_all_features_have(rng: np.random.Generator) -> None:
    fit = fit_contrasts(rng.normal(size=(3, 12)), design_basis(TWO_GROUPS), np.eye(2))
    found = ebayes(fit, VariancePrior(np.full(3, np.inf), np.full(3, 0.5)))
    np.testing.assert_array_equal(found.df_total, 30.0)
    np.testing.assert_array_equal(found.s2_post, 0.5)


def test_feature_without_residuals_takes_the_prior(rng: np.random.Generator) -> None:
    y = rng.normal(size=(40, 12)) * np.exp(rng.normal(size=(40, 1)))
    y[0, 1:11] = np.nan  # one value a group
    prior, found = analysed(y, TWO_GROUPS, np.eye(2))
    assert found.s2_post[0] == pytest.approx(prior.s2_prior[0], rel=1e-12)
    assert found.df_total[0, 0] == pytest.approx(prior.df_prior[0], rel=1e-12)
    difference = y[0, 11] - y[0, 0]
    assert found.t[0, 1] == pytest.approx(difference / np.sqrt(2 * prior.s2_prior[0]), rel=1e-12)


@pytest.mark.parametrize("trend", [False, True])
@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_few_features(n: int, robust: bool, trend: bool, rng: np.random.Generator) -> None:
    _, found = analysed(rng.normal(size=(n, 12)), TWO_GROUPS, np.eye(2), trend, robust)
    assert np.isfinite(found.t).all()
    assert np.isfinite(found.b).all()
    assert ((found.p_value > 0) & (found.p_value <= 1)).all()


@pytest.mark.parametrize("trend", [False, True])
@pytest.mark.parametrize("robust", [False, True])
def test_features_of_every_bad_kind(trend: bool, robust: bool, rng: np.random.Generator) -> None:
    """No warning, and NaN only where there is nothing to say."""
    y = rng.normal(size=(50, 12))
    y[0] = 3.0  # constant
    y[1] = TWO_GROUPS[:, 1]  # fitted without residual
    y[2] = np.nan
    y[3, 1:] = np.nan
    y[4, :6] = np.nan  # one group only
    y[5] = 0.0
    _, found = analysed(y, TWO_GROUPS, np.eye(2), trend, robust)
    assert np.isnan(found.p_value[:, 1]).nonzero()[0].tolist()[:3] == [2, 3, 4]
    rest = np.r_[1, 6:50]
    assert np.isfinite(found.p_value[rest]).all()
    assert found.p_value[1, 1] < 0.05
    adjusted = benjamini_hochberg(found.p_value)
    np.testing.assert_array_equal(np.isnan(adjusted), np.isnan(found.p_value))
    assert not np.isinf(found.b).any()


@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_nothing_but_empty_features(value: float) -> None:
    for trend in (False, True):
        for robust in (False, True):
            _, found = analysed(np.full((5, 12), value), TWO_GROUPS, np.eye(2), trend, robust)
            assert not (found.p_value < 1).any()


def test_p_values_are_uniform_under_the_null() -> None:
    rng = np.random.default_rng(7)
    sd = np.sqrt(6.0 / rng.chisquare(6.0, size=(4000, 1)))
    y = sd * rng.normal(size=(4000, 12))
    contrasts = np.column_stack([TWO_GROUPS[:2, 1] * 0 + [0, 1]]).astype(float)
    for robust in (False, True):
        _, found = analysed(y, TWO_GROUPS, contrasts, robust=robust)
        assert stats.kstest(found.p_value[:, 0], "uniform").pvalue > 0.01


def test_intervals_hold_the_truth_in_95_of_100() -> None:
    rng = np.random.default_rng(8)
    y = rng.normal(size=(4000, 12)) * np.sqrt(6.0 / rng.chisquare(6.0, size=(4000, 1)))
    truth = rng.normal(size=4000)
    y[:, 6:] += truth[:, None]
    _, found = analysed(y, TWO_GROUPS, np.array([[0.0], [1.0]]))
    inside = (found.ci_low[:, 0] < truth) & (truth < found.ci_high[:, 0])
    assert inside.mean() == pytest.approx(0.95, abs=0.01)


def test_log_odds_rank_like_t_where_errors_are_equal(rng: np.random.Generator) -> None:
    y = rng.normal(size=(200, 12))
    y[:20, 6:] += 2.0
    prior, found = analysed(y, TWO_GROUPS, np.array([[0.0], [1.0]]))
    order = np.argsort(np.abs(found.t[:, 0]))
    assert (np.diff(found.b[order, 0]) > 0).all()
    assert np.isfinite(prior.df_prior).all() or np.isinf(prior.df_prior).all()
