"""Generalised least squares of many features with a shared block correlation.

For feature g, V_g is 1 on the diagonal and rho between samples of a block, row and column i
divided by sqrt(w_gi); samples without a value are left out of V_g. Then
gamma = (Q'V^-1 Q)^-1 Q'V^-1 y. Per block of m samples the inverse of the correlation is
(I - rho / (1 + (m - 1) rho) 11') / (1 - rho), so no n x n matrix is ever inverted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.linear.missing import find_patterns, observed_rank
from analyses.stats.numeric.parallel import rows_times
from cohortmart.core.types import Bools, Floats, Ints


@dataclass(frozen=True)
class NormalEquations:
    """Solved normal equations of a block of features, in the basis of the design.

    Parameters
    ----------
    inverse : ndarray of shape (n_features or 1, rank, rank)
        (Q'V^-1 Q)^-1; one for all where all share V.
    gamma : ndarray of shape (n_features, rank)
        Coefficients of the basis.
    rss : ndarray of shape (n_features,)
        Generalised residual sum of squares.
    rank, n_seen : ndarray of shape (n_features,), int
        Rank of the design on the observed samples, and their number.
    """

    inverse: Floats
    gamma: Floats
    rss: Floats
    rank: Ints
    n_seen: Ints


def solve_gls(
    y: Floats, basis: DesignBasis, z: Floats, rho: float, w: Floats | None
) -> NormalEquations:
    """Solve the normal equations of a block of features.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        NaN = missing.
    z : ndarray of shape (n_samples, n_blocks)
        Block indicators.
    rho : float
        Correlation within blocks.
    w : ndarray of shape (n_features, n_samples) or None
        Precision weights.
    """
    seen = np.isfinite(y)
    clean = np.where(seen, y, 0.0)
    if w is None and seen.all():
        n, rank = np.array([y.shape[1]]), np.array([basis.rank])
        return _solve_with(clean, np.ones((1, y.shape[1])), seen[:1], basis, z, rho, rank, n)
    patterns = find_patterns(seen)
    rank, n = observed_rank(basis, patterns), patterns.masks.sum(axis=1)
    if w is None:  # features with the same missing samples share their normal equations
        return _by_pattern(clean, patterns.masks, patterns.of_row, basis, z, rho, rank, n)
    w = np.where(seen, w, 0.0)
    of = patterns.of_row
    return _solve_with(clean, w, seen, basis, z, rho, rank[of], n[of])


def _by_pattern(
    y: Floats,
    masks: Bools,
    of: Ints,
    basis: DesignBasis,
    z: Floats,
    rho: float,
    rank: Ints,
    n: Ints,
) -> NormalEquations:
    a, u, kappa = information(masks.astype(float), masks, basis.q, z, rho)
    inverse = _inverse(a, rank < basis.rank)[of]
    gamma, rss = _estimate(y, masks[of].astype(float), inverse, basis.q, z, rho, u[of], kappa[of])
    return NormalEquations(inverse, gamma, rss, rank[of], n[of])


def _solve_with(
    y: Floats,
    w: Floats,
    seen: Bools,
    basis: DesignBasis,
    z: Floats,
    rho: float,
    rank: Ints,
    n: Ints,
) -> NormalEquations:
    a, u, kappa = information(w, seen, basis.q, z, rho)
    inverse = _inverse(a, rank < basis.rank)
    gamma, rss = _estimate(y, w, inverse, basis.q, z, rho, u, kappa)
    full = np.ones(len(y), dtype=np.int64)
    return NormalEquations(inverse, gamma, rss, rank * full, n * full)


def information(
    w: Floats, seen: Bools, q: Floats, z: Floats, rho: float
) -> tuple[Floats, Floats, Floats]:
    """Return Q'V^-1 Q and what of each block enters it.

    Parameters
    ----------
    w : ndarray of shape (n, n_samples)
        Weights, 0 where missing.
    seen : ndarray of the same shape, bool
    q : ndarray of shape (n_samples, rank)
    z : ndarray of shape (n_samples, n_blocks)

    Returns
    -------
    a : ndarray of shape (n, rank, rank)
    u : ndarray of shape (n, n_blocks, rank)
        Sums of sqrt(w) q over each block.
    kappa : ndarray of shape (n, n_blocks)
        rho / (1 + (m - 1) rho) of each block.
    """
    p, n_blocks = q.shape[1], z.shape[1]
    pairs = (q[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    a = rows_times(w, pairs).reshape(-1, p, p)
    by_block = (z[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    u = rows_times(np.sqrt(w), by_block).reshape(-1, n_blocks, p)
    kappa = rho / (1.0 + (np.maximum(seen.astype(float) @ z, 1.0) - 1.0) * rho)
    a = (a - u.transpose(0, 2, 1) @ (kappa[:, :, None] * u)) / (1.0 - rho)
    return a, u, kappa


def _inverse(a: Floats, deficient: Bools) -> Floats:
    """Inverse where the design has full rank on the observed samples, else pseudo-inverse."""
    deficient = np.broadcast_to(deficient, len(a))
    out = np.empty_like(a)
    out[~deficient] = np.linalg.inv(a[~deficient])
    if deficient.any():
        out[deficient] = np.linalg.pinv(a[deficient], rcond=1e-10, hermitian=True)
    return out


def _estimate(
    y: Floats,
    w: Floats,
    inverse: Floats,
    q: Floats,
    z: Floats,
    rho: float,
    u: Floats,
    kappa: Floats,
) -> tuple[Floats, Floats]:
    """Coefficients in the basis, and the generalised residual sum of squares.

    Each round fits what the round before left over, so that a large mean costs no digits.
    """
    root = np.sqrt(w)
    gamma = rows_times(np.where(w > 0, y, 0.0), q)
    for _ in range(2):
        left = np.where(w > 0, y - rows_times(gamma, q.T), 0.0)
        in_block = rows_times(root * left, z)
        score = rows_times(w * left, q) - ((kappa * in_block)[:, None, :] @ u)[:, 0, :]
        gamma = gamma + (inverse @ score[:, :, None])[:, :, 0] / (1.0 - rho)
    left = np.where(w > 0, y - rows_times(gamma, q.T), 0.0)
    in_block = rows_times(root * left, z)
    rss = ((w * left**2).sum(axis=1) - (kappa * in_block**2).sum(axis=1)) / (1.0 - rho)
    return gamma, np.maximum(rss, 0.0)
