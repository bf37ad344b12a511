"""fit_contrasts against dense algebra, against statsmodels and at its edges."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from analyses.stats.linear import contrast_fit
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import ContrastFit, fit_contrasts
from analyses.stats.mixed.blocks import make_blocks
from cohortmart.core.types import Floats
from tests.support.dense import covariance, dense_fit
from tests.unit.analyses.stats.conftest import SmallStudy

RHO = 0.37


def assert_dense(found: ContrastFit, small: SmallStudy, y: Floats, w: Floats, rho: float) -> None:
    for i, row in enumerate(y):
        one = dense_fit(row, small.design, small.contrasts, small.blocks, rho, w[i])
        np.testing.assert_allclose(found.estimate[i], one.estimate, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(found.unscaled_sd[i], one.unscaled_sd, rtol=1e-10)
        assert found.sigma2[i] == pytest.approx(one.sigma2, rel=1e-10)
        assert found.wald[i, 0] == pytest.approx(one.wald, rel=1e-9)
        assert found.df_residual[i] == one.df
        assert found.mean[i] == pytest.approx(np.nanmean(row), rel=1e-13)


@pytest.mark.parametrize("rho", [-0.3, 0.0, RHO, 0.95])
def test_complete_and_unweighted(small: SmallStudy, rho: float) -> None:
    found = fit_contrasts(small.y, small.basis, small.contrasts, small.blocks, rho)
    assert_dense(found, small, small.y, np.ones_like(small.y), rho)


def test_weights(small: SmallStudy) -> None:
    found = fit_contrasts(small.y, small.basis, small.contrasts, small.blocks, RHO, small.weights)
    assert_dense(found, small, small.y, small.weights, RHO)


def test_missing_values(small: SmallStudy, holes: Floats) -> None:
    found = fit_contrasts(holes, small.basis, small.contrasts, small.blocks, RHO)
    assert_dense(found, small, holes, np.ones_like(holes), RHO)


def test_weights_and_missing_values(small: SmallStudy, holes: Floats) -> None:
    found = fit_contrasts(holes, small.basis, small.contrasts, small.blocks, RHO, small.weights)
    assert_dense(found, small, holes, small.weights, RHO)


def test_statsmodels_agrees(small: SmallStudy, holes: Floats) -> None:
    found = fit_contrasts(holes, small.basis, small.contrasts, small.blocks, RHO, small.weights)
    for i in range(5):
        seen = np.isfinite(holes[i])
        v = covariance(small.blocks, RHO, small.weights[i])[np.ix_(seen, seen)]
        fit = sm.GLS(holes[i][seen], small.design[seen], sigma=v).fit()
        test = fit.t_test(small.contrasts.T)
        np.testing.assert_allclose(found.estimate[i], test.effect, rtol=1e-8)
        sd = found.unscaled_sd[i] * np.sqrt(found.sigma2[i])
        np.testing.assert_allclose(sd, test.sd, rtol=1e-8)
        f = fit.f_test(small.contrasts[:, :2].T)  # the third is not independent of a level
        pair = fit_contrasts(
            holes[i : i + 1],
            small.basis,
            small.contrasts[:, :2],
            small.blocks,
            RHO,
            small.weights[i : i + 1],
        )
        assert pair.wald[0, 0] / pair.sigma2[0] == pytest.approx(float(f.fvalue), rel=1e-8)


def test_work_in_pieces_changes_nothing(
    small: SmallStudy, holes: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = (small.basis, small.contrasts, small.blocks, RHO)
    whole = fit_contrasts(holes, *arguments, small.weights)
    monkeypatch.setattr(contrast_fit, "_ROWS", 7)
    pieces = fit_contrasts(holes, *arguments, small.weights)
    for name in ("estimate", "unscaled_sd", "sigma2", "df_residual", "mean", "wald"):
        np.testing.assert_allclose(getattr(pieces, name), getattr(whole, name), rtol=1e-11)


def test_large_mean_costs_no_digits(small: SmallStudy) -> None:
    arguments = (small.basis, small.contrasts, small.blocks, RHO, small.weights)
    here = fit_contrasts(small.y, *arguments)
    # adding a multiple of the sum of all means; 2^20 leaves the last bits of y alone enough
    there = fit_contrasts(small.y + 2.0**20, *arguments)
    np.testing.assert_allclose(there.estimate, here.estimate, rtol=0, atol=1e-8)
    np.testing.assert_allclose(there.sigma2, here.sigma2, rtol=1e-8)


def test_features_that_saw_too_little() -> None:
    x = np.column_stack([np.repeat([1.0, 0], 4), np.repeat([0, 1.0], 4)])
    contrasts = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, -1.0]])
    y = np.tile(np.arange(8.0), (5, 1)) ** 1.5
    y[1] = np.nan
    y[2, 4:] = np.nan  # only the first mean
    y[3, 1:] = np.nan  # one value
    y[4, [1, 2, 3, 5, 6, 7]] = np.nan  # both means, no residual
    found = fit_contrasts(y, design_basis(x), contrasts)
    expected = [[0, 0, 0], [1, 1, 1], [0, 1, 1], [0, 1, 1], [0, 0, 0]]
    np.testing.assert_array_equal(np.isnan(found.estimate), np.array(expected, bool))
    np.testing.assert_array_equal(np.isnan(found.unscaled_sd), np.array(expected, bool))
    np.testing.assert_array_equal(np.isnan(found.wald[:, 0]), [False, True, True, True, False])
    limma = fit_contrasts(y, design_basis(x), contrasts, errors="limma")
    np.testing.assert_array_equal(np.isnan(limma.estimate), np.array(expected, bool))
    np.testing.assert_array_equal(np.isnan(limma.wald), np.isnan(found.wald))
    np.testing.assert_array_equal(found.df_residual, [6, 0, 3, 0, 0])
    np.testing.assert_array_equal(np.isnan(found.sigma2), [False, True, False, True, True])
    assert found.estimate[2, 0] == pytest.approx(y[2, :4].mean())
    assert found.sigma2[2] == pytest.approx(y[2, :4].var(ddof=1))
    assert found.unscaled_sd[2, 0] == pytest.approx(0.5)
    assert found.estimate[4, 2] == pytest.approx(y[4, 0] - y[4, 4])
    assert np.isnan(found.mean[1])


@pytest.mark.parametrize("weighted", [False, True])
def test_joint_statistic_where_the_design_but_no_contrast_suffers(
    small: SmallStudy, weighted: bool
) -> None:
    """A mean without a value takes the contrasts that need it along, and only those."""
    y = small.y.copy()
    y[0, small.design[:, 4] > 0] = np.nan  # no contrast uses the fifth mean
    y[1, small.design[:, 5] > 0] = np.nan  # two of them use the sixth
    w = small.weights if weighted else None
    found = fit_contrasts(y, small.basis, small.contrasts, small.blocks, RHO, w)
    keep = [0, 1, 2, 3, 5, 6]
    seen = np.isfinite(y[0])
    one = dense_fit(
        y[0][seen],
        small.design[np.ix_(seen, keep)],
        small.contrasts[keep],
        make_blocks([str(c) for c in small.blocks.codes[seen]]),
        RHO,
        small.weights[0][seen] if weighted else np.ones(seen.sum()),
    )
    np.testing.assert_allclose(found.estimate[0], one.estimate, rtol=1e-9)
    np.testing.assert_allclose(found.unscaled_sd[0], one.unscaled_sd, rtol=1e-9)
    assert found.sigma2[0] == pytest.approx(one.sigma2, rel=1e-9)
    assert found.wald[0, 0] == pytest.approx(one.wald, rel=1e-9)
    assert np.isnan(found.estimate[1]).tolist() == [False, True, True]
    assert np.isnan(found.wald[1, 0])
    limma = fit_contrasts(small.y, small.basis, small.contrasts, small.blocks, RHO, w, "limma")
    holed = fit_contrasts(y, small.basis, small.contrasts, small.blocks, RHO, w, "limma")
    assert np.isnan(holed.estimate[1]).tolist() == [False, True, True]
    assert np.isnan(holed.wald[1, 0])
    np.testing.assert_allclose(holed.wald[2:], limma.wald[2:], rtol=1e-9)


def test_one_value_left_of_a_large_group_is_enough() -> None:
    x = np.column_stack([np.repeat([1.0, 0], 40), np.repeat([0, 1.0], 40)])
    y = np.arange(80.0)[None, :] % 7
    y[0, 1:40] = np.nan
    found = fit_contrasts(y, design_basis(x), np.array([[1.0], [-1.0]]))
    assert found.estimate[0, 0] == pytest.approx(y[0, 0] - y[0, 40:].mean())
    assert found.df_residual[0] == 39


def test_no_features_at_all(small: SmallStudy) -> None:
    found = fit_contrasts(small.y[:0], small.basis, small.contrasts, small.blocks, RHO)
    assert found.estimate.shape == (0, 3)
    assert found.sigma2.shape == (0,)


def test_joint_statistic_counts_independent_directions(small: SmallStudy) -> None:
    doubled = np.column_stack([small.contrasts, small.contrasts[:, 0] - small.contrasts[:, 1]])
    for errors in ("exact", "limma"):
        once = fit_contrasts(
            small.y, small.basis, small.contrasts, small.blocks, RHO, errors=errors
        )
        more = fit_contrasts(small.y, small.basis, doubled, small.blocks, RHO, errors=errors)
        assert (once.wald_df, more.wald_df) == ((3,), (3,))
    exact = fit_contrasts(small.y, small.basis, doubled, small.blocks, RHO)
    np.testing.assert_allclose(
        exact.wald,
        fit_contrasts(small.y, small.basis, small.contrasts, small.blocks, RHO).wald,
        rtol=1e-9,
    )


def test_limma_errors_are_exact_where_they_should_be(small: SmallStudy) -> None:
    """Without weights, and for contrasts that are single coefficients."""
    for contrasts, weights in ((small.contrasts, None), (np.eye(7), small.weights)):
        exact, limma = (
            fit_contrasts(small.y, small.basis, contrasts, small.blocks, RHO, weights, errors)
            for errors in ("exact", "limma")
        )
        np.testing.assert_allclose(limma.unscaled_sd, exact.unscaled_sd, rtol=1e-9)
        if weights is None:
            np.testing.assert_allclose(limma.wald, exact.wald, rtol=1e-9)


def test_limma_errors_by_their_definition(small: SmallStudy) -> None:
    """Own standard deviations, correlations of the fit without weights."""
    found = fit_contrasts(
        small.y, small.basis, small.contrasts, small.blocks, RHO, small.weights, "limma"
    )
    plain = np.linalg.solve(covariance(small.blocks, RHO, np.ones(len(small.design))), small.design)
    cov = np.linalg.inv(small.design.T @ plain)
    correlation = cov / np.sqrt(np.outer(np.diag(cov), np.diag(cov)))
    for i in range(5):
        v = covariance(small.blocks, RHO, small.weights[i])
        own = np.linalg.inv(small.design.T @ np.linalg.solve(v, small.design))
        sd = np.sqrt(np.diag(own))
        of_contrasts = small.contrasts.T @ (correlation * np.outer(sd, sd)) @ small.contrasts
        np.testing.assert_allclose(found.unscaled_sd[i], np.sqrt(np.diag(of_contrasts)), rtol=1e-10)


def test_inestimable_contrasts_are_refused(small: SmallStudy) -> None:
    x = np.column_stack([small.design, small.design[:, :6].sum(axis=1)])
    with pytest.raises(ValueError, match="cannot be estimated"):
        fit_contrasts(small.y, design_basis(x), np.eye(8)[:, :1])
    c = np.zeros((8, 1))
    c[[0, 1], 0] = 1, -1
    with pytest.raises(ValueError, match="full rank"):
        fit_contrasts(small.y, design_basis(x), c, errors="limma")
