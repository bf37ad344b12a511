from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from analyses.stats.linear.basis import design_basis
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.numeric import cross_product as tiles
from analyses.stats.numeric.cross_product import cross_product
from analyses.stats.rotation.contrast_correlation import (
    contrast_correlations,
    inverse_root,
    no_effect_correlation,
)
from cohortmart.core.types import Floats
from tests.support.dense import covariance
from tests.unit.analyses.stats.conftest import SmallStudy


@given(st.integers(0, 70), st.integers(1, 70), st.integers(0, 600), st.integers(0, 9))
def test_cross_product(p: int, q: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(n, p)), rng.normal(size=(n, q))
    np.testing.assert_allclose(cross_product(a, b), a.T @ b, rtol=0, atol=1e-11)
    np.testing.assert_allclose(cross_product(b, b), b.T @ b, rtol=0, atol=1e-11)


def test_cross_product_is_the_same_with_any_threads(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = rng.normal(size=(700, 300)), rng.normal(size=(700, 90))
    assert a.shape[1] > 2 * tiles._TILE * tiles._TILES_AT_ONCE
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    one = cross_product(a, b)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    np.testing.assert_array_equal(one, cross_product(a, b))


# --- the observed correlation ----------------------------------------------------------------


def pairwise(estimate: Floats, i: int, j: int) -> float:
    """NumPy's, over the features with both."""
    both = np.isfinite(estimate[:, [i, j]]).all(axis=1)
    return float(np.corrcoef(estimate[both, i], estimate[both, j])[0, 1])


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_observed(rng: np.random.Generator, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyses.stats.rotation.contrast_correlation._ROWS", 64)
    estimate = rng.normal(size=(301, 4)) @ rng.normal(size=(4, 4)) + [0, 5, -300, 1e4]
    estimate[rng.random(estimate.shape) < share] = np.nan
    found = contrast_correlations(estimate)
    for i in range(4):
        for j in range(4):
            assert found.r[i, j] == pytest.approx(pairwise(estimate, i, j), abs=1e-11)
            both = np.isfinite(estimate[:, [i, j]]).all(axis=1)
            assert found.n_features[i, j] == both.sum()


def test_observed_without_variation() -> None:
    estimate = np.column_stack([np.full(50, 0.1), np.arange(50.0), np.full(50, np.nan)])
    estimate[:49, 2] = np.nan
    found = contrast_correlations(estimate)
    assert found.r[1, 1] == 1.0
    assert np.isnan(found.r[0]).all()
    assert np.isnan(found.r[2]).all()
    assert found.n_features[2].tolist() == [0, 0, 0]
    assert np.isnan(contrast_correlations(np.zeros((0, 2))).r).all()


# --- without effects -------------------------------------------------------------------------


@given(st.integers(3, 9), st.floats(-0.3, 0.95))
def test_balanced_visits(n_subjects: int, rho: float) -> None:
    """Minus a half, whatever the correlation: b3 - b1 and b4 - b3 share b3."""
    visit = np.tile(np.arange(3), n_subjects)
    blocks = make_blocks([f"s{i // 3}" for i in range(3 * n_subjects)])
    basis = design_basis(np.eye(3)[visit])
    contrasts = np.array([[-1.0, 1, 0], [0, -1, 1], [-1, 0, 1]]).T
    found = no_effect_correlation(basis, contrasts, blocks, rho)
    expected = np.array([[1, -0.5, 0.5], [-0.5, 1, 0.5], [0.5, 0.5, 1]])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("rho", [0.0, 0.4, -0.2])
def test_no_effect_by_hand(small: SmallStudy, rho: float) -> None:
    """The dense formula; the design as it is and with coefficients in other units."""
    v = covariance(small.blocks, rho, np.ones(len(small.design)))
    c = small.contrasts.T @ np.linalg.inv(small.design.T @ np.linalg.inv(v) @ small.design)
    c = c @ small.contrasts
    expected = c / np.sqrt(np.outer(np.diag(c), np.diag(c)))
    found = no_effect_correlation(small.basis, small.contrasts, small.blocks, rho)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    unit = np.geomspace(1e-3, 1e3, small.design.shape[1])
    again = design_basis(small.design / unit)
    found = no_effect_correlation(again, small.contrasts / unit[:, None], small.blocks, rho)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)


def test_without_blocks(small: SmallStudy) -> None:
    np.testing.assert_array_equal(
        no_effect_correlation(small.basis, small.contrasts),
        no_effect_correlation(small.basis, small.contrasts, None, 0.7),
    )
    np.testing.assert_allclose(
        no_effect_correlation(small.basis, small.contrasts),
        no_effect_correlation(small.basis, small.contrasts, small.blocks, 0.0),
        atol=1e-13,
    )


def test_inverse_root(small: SmallStudy) -> None:
    v = covariance(small.blocks, 0.35, np.ones(len(small.design)))
    expected = np.linalg.inv(np.real(sqrtm(v)))
    np.testing.assert_allclose(inverse_root(len(v), small.blocks, 0.35), expected, atol=1e-12)


@pytest.mark.parametrize("rho", [1.0, -0.5, -0.8])
def test_impossible_correlation(small: SmallStudy, rho: float) -> None:
    with pytest.raises(ValueError, match="blocks of 3 samples cannot have correlation"):
        no_effect_correlation(small.basis, small.contrasts, small.blocks, rho)


def test_inestimable_contrast() -> None:
    basis = design_basis(np.column_stack([np.ones(6), np.ones(6), np.arange(6.0)]))
    with pytest.raises(ValueError, match="cannot be estimated"):
        no_effect_correlation(basis, np.array([[1.0, 0, 0]]).T)
