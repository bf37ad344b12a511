"""Cell fractions by robust partial correlation (Teschendorff et al. 2017, BMC Bioinf. 18:105).

The values of a sample are regressed on all profiles and a constant, robustly: Huber's psi with
k = 1.345 and the median absolute residual over 0.6745 as scale, by iteratively reweighted least
squares from the least squares fit (Venables & Ripley 2002, section 6.5; what R's MASS::rlm does
unless told otherwise). Negative coefficients are set to 0 and the others divided by their sum.

All samples are fitted at once in an orthonormal basis of the profiles.
"""

from __future__ import annotations

import numpy as np

from analyses.stats.composition.cell_fractions import (
    CellFractions,
    check_reference,
    with_constant,
)
from cohortmart.core.types import Bools, Floats

HUBER_K = 1.345
#: The median absolute value of a standard normal number, as R's rlm rounds it.
_MEDIAN = 0.6745
#: The residuals stand still once they change by less than this share of their length.
_STILL = 1e-4
#: A basis whose smallest singular value is below this share of the largest is not one.
_SMALLEST = 1e-7
#: Numbers worked on at a time.
_CHUNK = 1 << 21


def robust_partial_correlation(
    values: Floats, reference: Floats, rounds: int = 50
) -> CellFractions:
    """Return the coefficients of a robust regression on the profiles, as fractions.

    A feature that is missing in a sample is left out for that sample. A sample without a positive
    coefficient has no fractions.

    Parameters
    ----------
    values : ndarray of shape (n_features, n_samples)
        Betas of the mixtures; NaN where missing.
    reference : ndarray of shape (n_features, n_types)
        Betas of the pure types.
    rounds : int
        Of reweighting, at most.

    Raises
    ------
    ProfileError
        The reference does not tell the types apart.
    """
    check_reference(values, reference, intercept=True)
    n_samples = values.shape[1]
    q, r = np.linalg.qr(with_constant(reference))
    in_basis = np.full((n_samples, q.shape[1]), np.nan)
    converged = np.ones(n_samples, np.bool_)
    width = max(1, _CHUNK // len(q))
    for start in range(0, n_samples, width):
        columns = slice(start, start + width)
        in_basis[columns], converged[columns] = _huber(values[:, columns], q, rounds)
    coefficients = np.linalg.solve(r, in_basis.T)[1:].T
    return CellFractions(
        _as_fractions(coefficients), np.isfinite(values).sum(axis=0, dtype=np.int64), converged
    )


def _as_fractions(coefficients: Floats) -> Floats:
    """Return positive coefficients as shares of their sum, NaN where there are none."""
    positive = np.where(coefficients < 0.0, 0.0, coefficients)
    total = positive.sum(axis=1, keepdims=True)
    return np.asarray(positive / np.where(total > 0.0, total, np.nan))


def _huber(values: Floats, q: Floats, rounds: int) -> tuple[Floats, Bools]:
    """Return coefficients in the basis, NaN where undetermined, and which samples stood still."""
    measured = np.isfinite(values)
    y = np.where(measured, values, 0.0)
    pairs = (q[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    coefficients = _weighted_fit(y, measured.astype(np.float64), q, pairs)
    residual = np.where(measured, y - q @ coefficients.T, np.nan)
    running = np.flatnonzero(np.isfinite(coefficients).all(axis=1))
    for _ in range(rounds):
        old = residual[:, running]
        scale = np.nanmedian(np.abs(old), axis=0) / _MEDIAN
        varies = scale > 0.0
        running, old, scale = running[varies], old[:, varies], scale[varies]
        if not running.size:
            break
        fitted = _weighted_fit(y[:, running], _huber_weights(old, scale), q, pairs)
        new = np.where(measured[:, running], y[:, running] - q @ fitted.T, np.nan)
        coefficients[running], residual[:, running] = fitted, new
        running = running[_change(old, new) > _STILL]
        if not running.size:
            break
    converged = np.ones(y.shape[1], np.bool_)
    converged[running] = False
    return coefficients, converged


def _huber_weights(residual: Floats, scale: Floats) -> Floats:
    """Return the weights k / |u| of residuals beyond k scales, 1 within, 0 where missing."""
    size = np.abs(residual) / scale
    return np.where(np.isnan(size), 0.0, HUBER_K / np.fmax(size, HUBER_K))


def _change(old: Floats, new: Floats) -> Floats:
    """Return the length of the change of residuals over their length."""
    moved = np.nansum(np.square(old - new), axis=0)
    return np.asarray(np.sqrt(moved / np.maximum(np.nansum(np.square(old), axis=0), 1e-20)))


def _weighted_fit(y: Floats, weights: Floats, q: Floats, pairs: Floats) -> Floats:
    """Return weighted least squares coefficients, a row a sample, NaN where undetermined.

    Parameters
    ----------
    y, weights : ndarray of shape (n_features, n_samples)
    q : ndarray of shape (n_features, n_columns)
    pairs : ndarray of shape (n_features, n_columns * n_columns)
        Products of the columns of `q`.
    """
    n_columns = q.shape[1]
    gram = (weights.T @ pairs).reshape(-1, n_columns, n_columns)
    cross = (weights * y).T @ q
    eigenvalues = np.linalg.eigvalsh(gram)
    definite = eigenvalues[:, 0] > _SMALLEST**2 * eigenvalues[:, -1]
    out = np.full(cross.shape, np.nan)
    out[definite] = np.linalg.solve(gram[definite], cross[definite][:, :, None])[:, :, 0]
    return out
