"""How far contrasts.fit's standard deviations are from the exact ones."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import ContrastFit, fit_contrasts
from cohortmart.core.types import Floats
from tests.support.dense import covariance
from tests.support.limma_cases import CASES, DIGITS, limma_case
from tests.support.limma_cases import RHO as LIMMA_RHO
from tests.unit.analyses.stats.conftest import SmallStudy

RHO = 0.37


def ratio_of(fit: ContrastFit) -> Floats:
    assert fit.limma_ratio is not None
    return fit.limma_ratio


@pytest.mark.parametrize("name", CASES)
def test_limma_agrees(name: str) -> None:
    """Exact standard deviation times the ratio is R's stdev.unscaled."""
    case = limma_case(name)
    exact, limma = (
        fit_contrasts(case.y, case.basis, case.contrasts, case.blocks, LIMMA_RHO, case.weights, e)
        for e in ("exact", "limma")
    )
    rows, of_r = case.of_r("unscaled_sd", 6.0)
    np.testing.assert_allclose(limma.unscaled_sd[rows], of_r, rtol=DIGITS)
    if name == "complete":
        assert exact.limma_ratio is None
        assert limma.limma_ratio is None
        np.testing.assert_allclose(exact.unscaled_sd[rows], of_r, rtol=DIGITS)
        return
    found = exact.unscaled_sd[rows] * ratio_of(exact)[rows]
    np.testing.assert_allclose(found, of_r, rtol=DIGITS)
    np.testing.assert_allclose(ratio_of(limma), ratio_of(exact), rtol=1e-10)
    off = np.abs(ratio_of(exact) - 1)
    assert off[:, :3].max() > 0.05  # the two are worth telling apart
    np.testing.assert_allclose(off[:, 3], 0.0, atol=1e-12)  # a single coefficient
    complete = np.isfinite(case.y).all(axis=1)
    if name == "missing":
        assert 0 < complete.sum() < 60
        for fit in (exact, limma):  # no rounding where the two are the same
            assert (ratio_of(fit)[complete] == 1).all()


def test_filled_features_have_the_ratio_of_left_out_samples(
    small: SmallStudy, holes: Floats
) -> None:
    """Weights of 1 leave the samples out one feature at a time; no weights fill them in."""
    rest = (small.basis, small.contrasts, small.blocks, RHO)
    filled = fit_contrasts(holes, *rest)
    left_out = fit_contrasts(holes, *rest, np.ones_like(holes))
    np.testing.assert_allclose(ratio_of(filled), ratio_of(left_out), rtol=1e-9)


def test_definition(small: SmallStudy) -> None:
    """Own deviations of the coefficients, their correlations in the fit without weights."""
    found = fit_contrasts(small.y, small.basis, small.contrasts, small.blocks, RHO, small.weights)
    x, c = small.design, small.contrasts
    plain = np.linalg.inv(x.T @ np.linalg.solve(covariance(small.blocks, RHO, np.ones(len(x))), x))
    correlation = plain / np.sqrt(np.outer(np.diag(plain), np.diag(plain)))
    for i in range(0, 60, 7):
        v = covariance(small.blocks, RHO, small.weights[i])
        own = np.linalg.inv(x.T @ np.linalg.solve(v, x))
        sd = np.sqrt(np.diag(own))
        approximate = np.diag(c.T @ (correlation * np.outer(sd, sd)) @ c)
        expected = np.sqrt(approximate / np.diag(c.T @ own @ c))
        np.testing.assert_allclose(ratio_of(found)[i], expected, rtol=1e-9)


def test_weights_that_all_samples_share_change_nothing(small: SmallStudy) -> None:
    one = np.tile(np.linspace(0.5, 4.0, 60)[:, None], small.y.shape[1])
    found = fit_contrasts(small.y, small.basis, small.contrasts, small.blocks, RHO, one)
    np.testing.assert_allclose(ratio_of(found), 1.0, rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_no_ratio_where_a_contrast_cannot_be_estimated(small: SmallStudy, weighted: bool) -> None:
    y = small.y.copy()
    y[1, small.design[:, 5] > 0] = np.nan  # the second and third contrast use this mean
    w = small.weights if weighted else None
    found = fit_contrasts(y, small.basis, small.contrasts, small.blocks, RHO, w)
    assert np.isnan(ratio_of(found)[1]).tolist() == [False, True, True]
    assert np.isfinite(np.delete(ratio_of(found), 1, axis=0)).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_no_ratio_where_limma_lacks_a_coefficient(weighted: bool) -> None:
    """Two means at one week only: their difference is known, neither of them is."""
    group, week = np.repeat([0.0, 1.0], 6), np.tile([1.0, 2.0, 3.0], 4)
    design = np.column_stack([1 - group, group, week])
    y = np.arange(24.0).reshape(2, 12) ** 1.2
    y[0, week != 2] = np.nan
    w = np.full(y.shape, 2.0) if weighted else None
    contrasts = np.array([[-1.0], [1.0], [0.0]])
    found = fit_contrasts(y, design_basis(design), contrasts, weights=w)
    at_two = y[0, week == 2]
    assert found.estimate[0, 0] == pytest.approx(at_two[2:].mean() - at_two[:2].mean())
    assert np.isnan(ratio_of(found)[0, 0])
    assert ratio_of(found)[1, 0] == pytest.approx(1.0)


def test_a_design_that_limma_cannot_fit_has_no_ratio(small: SmallStudy, holes: Floats) -> None:
    x = np.column_stack([small.design, small.design[:, :6].sum(axis=1)])
    c = np.vstack([small.contrasts, np.zeros(3)])
    for w in (None, small.weights):
        found = fit_contrasts(holes, design_basis(x), c, small.blocks, RHO, w)
        assert found.limma_ratio is None
        there = fit_contrasts(holes, small.basis, small.contrasts, small.blocks, RHO, w)
        np.testing.assert_allclose(found.unscaled_sd, there.unscaled_sd, rtol=1e-9)
