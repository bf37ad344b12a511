"""A random intercept for every feature."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from scipy import stats

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import ContrastFit, fit_contrasts, join_fits
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.mixed.mixed_model import MixedFit, fit_mixed
from cohortmart.core.types import Floats
from tests.support.dense import simulated
from tests.support.dense_mixed import dense_mixed
from tests.unit.analyses.stats.conftest import SmallStudy


def own_df(found: MixedFit) -> tuple[Floats, Floats]:
    """Degrees of freedom of the contrasts and of the sets."""
    assert found.fit.df_contrast is not None
    assert found.fit.df_wald is not None
    return found.fit.df_contrast, found.fit.df_wald


def at(fit: ContrastFit, i: int) -> ContrastFit:
    """One feature."""
    parts = {f.name: getattr(fit, f.name) for f in fields(fit)}
    rows = {n: v if n == "wald_df" or v is None else v[i : i + 1] for n, v in parts.items()}
    return ContrastFit(**rows)


@pytest.mark.parametrize("kind", ["complete", "missing", "weighted"])
def test_dense_algebra_agrees(small: SmallStudy, holes: Floats, kind: str) -> None:
    """Derivatives by differences; also with proportional contrasts and of a covariate."""
    y = small.y if kind == "complete" else holes
    weights = small.weights if kind == "weighted" else None
    contrasts = np.column_stack([small.contrasts, np.eye(7)[6], -2 * small.contrasts[:, 0]])
    found = fit_mixed(y, small.basis, contrasts, small.blocks, weights)
    df, df_joint = own_df(found)
    fit, n_inside = found.fit, 0
    for i in range(6):
        w = np.ones(y.shape[1]) if weights is None else weights[i]
        one = dense_mixed(y[i], small.design, contrasts, small.blocks.codes, w)
        if one is None:
            assert found.correlation[i] == 0
            continue
        n_inside += 1
        unit = w[np.isfinite(y[i])].mean()
        assert found.correlation[i] == pytest.approx(one.t2 / (one.t2 + one.s2 / unit), rel=1e-5)
        assert fit.sigma2[i] == pytest.approx(one.s2 + one.t2 * unit, rel=1e-6)
        se = fit.unscaled_sd[i] * np.sqrt(fit.sigma2[i])
        np.testing.assert_allclose(fit.estimate[i] / one.se, one.estimate / one.se, atol=1e-6)
        np.testing.assert_allclose(se, one.se, rtol=1e-6)
        np.testing.assert_allclose(df[i], one.df, rtol=2e-5)
        assert fit.wald[i, 0] / fit.sigma2[i] == pytest.approx(one.f, rel=1e-6)
        assert fit.wald_df[0] == one.df1 == 4
        assert df_joint[i, 0] == pytest.approx(one.df2, rel=2e-5)
    assert n_inside >= 4


@pytest.mark.parametrize("kind", ["complete", "missing"])
def test_it_is_least_squares_with_each_correlation(
    small: SmallStudy, holes: Floats, kind: str
) -> None:
    """The fit with one correlation for all, feature by feature; ordinary where it is 0."""
    y, sets = small.y if kind == "complete" else holes, [(0, 1, 2), (1,), (0, 2)]
    y = np.where(np.arange(60)[:, None] % 3 == 0, y - 6.0, y)
    found = fit_mixed(y, small.basis, small.contrasts, small.blocks, sets=sets)
    df, df_joint = own_df(found)
    bound = found.correlation == 0
    assert 5 < bound.sum() < 40
    free = found.fit.df_residual[:, None]
    np.testing.assert_array_equal(df[bound], np.broadcast_to(free, df.shape)[bound])
    np.testing.assert_array_equal(df_joint[bound], np.broadcast_to(free, df_joint.shape)[bound])
    assert ((df[~bound] > 0) & (df[~bound] <= free[~bound] * (1 + 1e-12))).all()
    for i, rho in enumerate(found.correlation):
        blocks = None if rho == 0 else small.blocks
        one = fit_contrasts(
            y[i : i + 1], small.basis, small.contrasts, blocks, float(rho), sets=sets
        )
        for name in ("estimate", "unscaled_sd", "sigma2", "df_residual", "mean", "wald"):
            here, there = getattr(at(found.fit, i), name), getattr(one, name)
            np.testing.assert_allclose(here, there, rtol=1e-9, atol=1e-11, err_msg=name)
    assert found.fit.wald_df == (3, 1, 2)


def test_paired_t_test(rng: np.random.Generator) -> None:
    """Two visits of every person: the classical test and its n - 1 degrees of freedom."""
    blocks = make_blocks([f"s{i}" for i in range(9)] * 2)
    y = simulated(rng, 200, blocks, 0.6, np.eye(2)[np.repeat([0, 1], 9)])
    design = np.eye(2)[np.repeat([0, 1], 9)]
    contrasts = np.array([[-1.0, 0.5], [1.0, 0.5]])
    found = fit_mixed(y, design_basis(design), contrasts, blocks)
    df, _ = own_df(found)
    inside = found.correlation > 0
    assert inside.sum() > 150
    expected = stats.ttest_rel(y[:, 9:], y[:, :9], axis=1)
    t = found.fit.estimate / found.fit.unscaled_sd / np.sqrt(found.fit.sigma2)[:, None]
    np.testing.assert_allclose(t[inside, 0], expected.statistic[inside], rtol=1e-8)
    np.testing.assert_allclose(df[inside, 0], 8.0, rtol=1e-7)
    # the mean of all is tested among people, the means of whom are independent
    of_people = (y[:, 9:] + y[:, :9]) / 2
    level = stats.ttest_1samp(of_people, 0.0, axis=1).statistic
    np.testing.assert_allclose(t[inside, 1], level[inside], rtol=1e-8)
    np.testing.assert_allclose(df[inside, 1], 8.0, rtol=1e-6)


def test_correlations_that_were_planted(rng: np.random.Generator) -> None:
    blocks = make_blocks([f"s{i:02}" for i in np.repeat(np.arange(40), 3)])
    design, contrasts = np.eye(3)[np.tile(np.arange(3), 40)], np.eye(3)[:, :1]
    for rho in (0.2, 0.6, 0.95):
        y = simulated(rng, 300, blocks, rho, design)
        found = fit_mixed(y, design_basis(design), contrasts, blocks).correlation
        assert np.median(found) == pytest.approx(rho, abs=0.02)


def test_nearly_everything_is_between_people(rng: np.random.Generator) -> None:
    """A variant of the DNA under the probe: 1e-4 of the variance and less is within people."""
    blocks = make_blocks([f"s{i:02}" for i in np.repeat(np.arange(12), 3)])
    design = np.eye(3)[np.tile(np.arange(3), 12)]
    contrasts = np.array([[-1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]).T
    level = rng.normal(size=(20, 12))[:, blocks.codes]
    noise = rng.normal(size=(20, 36))
    for size in (1e-2, 1e-5, 0.0):
        found = fit_mixed(level + size * noise, design_basis(design), contrasts, blocks)
        df, _ = own_df(found)
        np.testing.assert_allclose(df, np.broadcast_to([22.0, 11.0], df.shape), rtol=1e-3)
        se = found.fit.unscaled_sd[:, 0] * np.sqrt(found.fit.sigma2)
        if size == 1e-2:
            assert np.median(se) == pytest.approx(size * np.sqrt(2 / 12), rel=0.1)
        else:  # the largest correlation there is
            np.testing.assert_allclose(found.correlation, 1.0, atol=2e-6)
            assert (se < 1e-3).all()


def test_features_of_every_bad_kind(small: SmallStudy) -> None:
    """No warning, and NaN only where there is nothing to say."""
    y = small.y[:12].copy()
    y[0] = 3.0
    y[1] = np.nan
    y[2, 1:] = np.nan
    y[3, small.design[:, 4] == 1] = np.nan  # a mean without a sample
    y[4] = small.design[:, 1] + 1e6
    one_each = np.unique(small.design[:, :6].argmax(axis=1), return_index=True)[1]
    y[5, np.setdiff1d(np.arange(20), [*one_each, 4])] = np.nan  # as many values as coefficients
    y[6, np.flatnonzero(small.blocks.codes == 2)[1:]] = np.nan
    sets = [(0,), (0, 1, 2)]
    found = fit_mixed(y, small.basis, np.eye(7)[:, [0, 4, 6]], small.blocks, sets=sets)
    df, df_joint = own_df(found)
    fit = found.fit
    assert np.isnan(found.correlation[[0, 1, 2, 5]]).all()
    np.testing.assert_array_equal(fit.sigma2[0], 0.0)
    np.testing.assert_array_equal(df[0], small.y.shape[1] - 7.0)
    assert np.isnan(fit.estimate[[1, 2]]).all()
    assert np.isnan(fit.sigma2[[1, 2, 5]]).all()
    np.testing.assert_array_equal(np.isnan(fit.estimate[3]), [False, True, False])
    for array in (fit.unscaled_sd, df):
        np.testing.assert_array_equal(np.isnan(array), np.isnan(fit.estimate))
    for array in (fit.wald, df_joint):
        np.testing.assert_array_equal(np.isnan(array[3]), [False, True])
    np.testing.assert_allclose(fit.estimate[4], [1e6, 1e6, 0.0], rtol=1e-12, atol=1e-7)
    assert fit.sigma2[4] == 0.0  # residuals of nothing but rounding
    assert np.isnan(found.correlation[4])
    assert fit.mean[6] == pytest.approx(np.nanmean(y[6]))
    assert np.isfinite(df[6:]).all()
    assert np.isfinite(df_joint[6:]).all()


def test_blocks_that_cannot_be_told_from_the_design(small: SmallStudy) -> None:
    """Every person a level of their own: nothing of the blocks is left in the residuals."""
    people = small.blocks.indicators
    visits = small.design[:, 1:3] + small.design[:, 4:6]
    basis = design_basis(np.column_stack([people, visits]))
    contrast = np.zeros((10, 1))
    contrast[8] = 1.0
    found = fit_mixed(small.y, basis, contrast, small.blocks)
    plain = fit_contrasts(small.y, basis, contrast)
    assert np.isnan(found.correlation).all()
    np.testing.assert_allclose(found.fit.wald, plain.wald, rtol=1e-10)
    np.testing.assert_array_equal(own_df(found)[0], plain.df_residual[:, None])
    # once a person, too
    alone = make_blocks([f"s{i:02}" for i in range(len(visits))])
    found = fit_mixed(small.y, small.basis, small.contrasts, alone)
    assert np.isnan(found.correlation).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_parts_give_what_they_give_together(
    small: SmallStudy, holes: Floats, weighted: bool
) -> None:
    def fitted(rows: slice) -> MixedFit:
        w = small.weights[rows] if weighted else None
        return fit_mixed(holes[rows], small.basis, small.contrasts, small.blocks, w)

    cuts = (slice(0, 23), slice(23, 23), slice(23, 24), slice(24, 60))
    whole, parts = fitted(slice(0, 60)), [fitted(cut) for cut in cuts]
    joined = join_fits([p.fit for p in parts])
    for name in ("estimate", "unscaled_sd", "sigma2", "wald", "df_contrast", "df_wald"):
        here, there = getattr(joined, name), getattr(whole.fit, name)
        np.testing.assert_allclose(here, there, rtol=1e-7, atol=1e-9, err_msg=name)
    correlation = np.concatenate([p.correlation for p in parts])
    np.testing.assert_allclose(correlation, whole.correlation, rtol=1e-7)


@pytest.mark.parametrize("kind", ["complete", "missing", "weighted"])
def test_a_large_mean_costs_no_digits(small: SmallStudy, holes: Floats, kind: str) -> None:
    y = small.y if kind == "complete" else holes
    y, rest = np.round(y * 2**20) / 2**20, (small.basis, small.contrasts, small.blocks)
    w = small.weights if kind == "weighted" else None
    # squares of 2**27 leave no digit for y; doubles near it are 3e-8 apart, which a flat likelihood
    # (row 51) makes ten times larger, more or less by the processor
    here, there = fit_mixed(y, *rest, w), fit_mixed(y + 2.0**27, *rest, w)
    np.testing.assert_allclose(there.fit.sigma2, here.fit.sigma2, rtol=1e-6)
    np.testing.assert_allclose(there.correlation, here.correlation, atol=1e-6)
    np.testing.assert_allclose(there.fit.estimate, here.fit.estimate, atol=2e-6)
    np.testing.assert_allclose(own_df(there)[0], own_df(here)[0], rtol=1e-4)


def test_what_it_refuses(small: SmallStudy) -> None:
    rest = (small.basis, small.contrasts, small.blocks)
    y = small.y.copy()
    y[3, 2] = np.inf
    with pytest.raises(ValueError, match="infinite values in 1 of 60 rows: row 3"):
        fit_mixed(y, *rest)
    with pytest.raises(ValueError, match="weights are not positive"):
        fit_mixed(small.y, *rest, np.zeros(small.y.shape))
    with pytest.raises(ValueError, match="set 0 of contrasts"):
        fit_mixed(small.y, *rest, sets=[(3,)])
    basis = design_basis(np.column_stack([small.design, small.design[:, 0]]))
    with pytest.raises(ValueError, match="cannot be estimated"):
        fit_mixed(small.y, basis, np.eye(8)[:, :1], small.blocks)
