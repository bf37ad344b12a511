from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.linear.basis import design_basis


def test_basis_spans_the_design(rng: np.random.Generator) -> None:
    x = rng.normal(size=(10, 4)) * [1.0, 1e6, 1e-6, 3.0]
    basis = design_basis(x)
    assert basis.rank == 4
    np.testing.assert_allclose(basis.q.T @ basis.q, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(basis.q @ basis.q.T @ x, x, rtol=1e-9)


def test_contrasts_of_coefficients_become_contrasts_of_the_basis(rng: np.random.Generator) -> None:
    x, c, y = rng.normal(size=(10, 4)), rng.normal(size=(4, 3)), rng.normal(size=10)
    basis = design_basis(x)
    by_coefficients = c.T @ np.linalg.lstsq(x, y, rcond=None)[0]
    np.testing.assert_allclose(basis.contrasts(c).T @ (basis.q.T @ y), by_coefficients, rtol=1e-10)


@pytest.mark.parametrize("unit", [1e-12, 1e-9, 1e-3, 1e3, 1e9, 1e12])
def test_units_of_a_covariate_do_not_make_a_contrast_inestimable(
    unit: float, rng: np.random.Generator
) -> None:
    x = np.column_stack([np.ones(12), np.tile([1.0, 0.0], 6), rng.normal(size=12) * unit])
    basis = design_basis(x)
    assert basis.rank == 3
    assert np.isfinite(basis.contrasts(np.eye(3))).all()


def test_what_cannot_be_estimated_is_nan_and_nothing_else() -> None:
    group = np.repeat([1.0, 0.0], 4)
    batch = np.tile([1.0, 0.0], 4)
    x = np.column_stack([group, 1 - group, batch, 1 - batch])  # the sums of both pairs are equal
    basis = design_basis(x)
    assert basis.rank == 3
    wanted = np.array([[1, -1, 0, 0], [0, 0, 1, -1], [1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0]])
    found = np.isnan(basis.contrasts(wanted.T.astype(float))).all(axis=0)
    assert found.tolist() == [False, False, False, True, True]


def test_an_empty_column_takes_only_its_own_coefficient_along() -> None:
    x = np.column_stack([np.ones(5), np.zeros(5)])
    found = design_basis(x).contrasts(np.eye(2))
    assert np.isfinite(found[:, 0]).all()
    assert np.isnan(found[:, 1]).all()


@pytest.mark.parametrize(
    "design", [np.zeros((4, 2)), np.empty((0, 2)), np.empty((3, 0)), np.array([[1.0], [np.nan]])]
)
def test_designs_that_are_none(design: np.ndarray) -> None:
    with pytest.raises(ValueError, match="design matrix"):
        design_basis(design)
