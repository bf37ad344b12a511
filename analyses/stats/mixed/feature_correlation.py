"""Block correlation of features that share no decomposition.

Each has precision weights of its own, or lacks so many samples that the design suffers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.linear.missing import find_patterns, observed_rank
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.mixed.reml import block_rho
from analyses.stats.numeric.parallel import rows_times

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_UPPER = 0.99


def feature_correlation(
    y: Floats, basis: DesignBasis, blocks: Blocks, weights: Floats | None = None
) -> Floats:
    """Estimate the correlation within blocks of each of a few thousand features.

    y and X are multiplied by sqrt(w), the block indicators are not: two samples of a block have
    correlation rho whatever their precision, which is the V of the fit that uses it.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        NaN = missing, which has weight 0.
    basis : DesignBasis
    blocks : Blocks
    weights : ndarray of shape (n_features, n_samples), optional
        None: features with the same missing samples share their decompositions.

    Returns
    -------
    ndarray of shape (n_features,)
        Inverse hyperbolic tangents; NaN where there is no estimate.
    """
    seen = np.isfinite(y)
    patterns = find_patterns(seen)
    of, n_seen = patterns.of_row, patterns.masks.sum(axis=1)
    rank = observed_rank(basis, patterns)
    in_block = patterns.masks.astype(float) @ blocks.indicators
    ok = enough(n_seen, basis.rank, (in_block > 0).sum(axis=1))[of]
    y = np.where(seen, y, 0.0)
    w = np.where(seen, 1.0 if weights is None else weights, 0.0)
    if weights is None:
        masks = patterns.masks.astype(float)
        inverse, d, v = (a[of] for a in _decompose(masks, rank, in_block, basis, blocks))
    else:
        inverse, d, v = _decompose(w, rank[of], in_block[of], basis, blocks)
    # weighted least squares in two steps: the second one repairs the rounding of the first
    residual, q = y, basis.q
    for _ in range(2):
        beta = (inverse @ rows_times(w * residual, q)[:, :, None])[:, :, 0]
        residual = residual - rows_times(beta, q.T)
    residual[is_rounding((w * residual**2).sum(axis=1), (w * y**2).sum(axis=1))] = 0.0
    u2 = squares_along(rows_times(np.sqrt(w) * residual, blocks.indicators), d, v)
    rss0 = np.maximum((w * residual**2).sum(axis=1) - u2.sum(axis=1), 0.0)
    free = (n_seen - rank)[of].astype(float)
    rho = block_rho(d, u2, rss0, np.maximum(free, 1.0), *rho_range(blocks))
    return np.where(ok & (free > 0), np.arctanh(rho), np.nan)


def _decompose(
    w: Floats, rank: NDArray[np.int64], in_block: Floats, basis: DesignBasis, blocks: Blocks
) -> tuple[Floats, Floats, Floats]:
    """(Q'WQ)^-1, and eigenvalues and eigenvectors of the projected block indicators."""
    q, z = basis.q, blocks.indicators
    p, n_blocks = q.shape[1], z.shape[1]
    pairs = (q[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    inverse = _pseudo_inverse(rows_times(w, pairs).reshape(-1, p, p), rank < p)
    by_block = (z[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    zq = rows_times(np.sqrt(w), by_block).reshape(-1, n_blocks, p)
    gram = -(zq @ inverse @ zq.transpose(0, 2, 1))
    index = np.arange(n_blocks)
    gram[:, index, index] += in_block
    d, v = np.linalg.eigh(gram)
    return inverse, informative(d), v


def enough(n_values: NDArray[np.int64], p: int, n_blocks: NDArray[np.int64]) -> Flags:
    """R's rule: more values than coefficients + 2, and at least one block with two values."""
    return np.asarray((n_values > p + 2) & (n_blocks > 1) & (n_blocks < n_values - 1))


def is_rounding(residual: Floats, total: Floats) -> Flags:
    """Where a feature does not vary (a gene without counts): its residuals say nothing."""
    return np.asarray(residual <= 1e-24 * total)


def informative(d: Floats) -> Floats:
    """Set eigenvalues, the largest last, that are zero up to rounding to zero."""
    return np.where(d > 1e-10 * d[..., -1:], d, 0.0)


def squares_along(h: Floats, d: Floats, v: Floats) -> Floats:
    """Squared projections of y on the directions of the projected block indicators.

    Parameters
    ----------
    h : ndarray of shape (n_features, k)
        Sums of the residuals over each block.
    d : ndarray of shape (n_features, k)
    v : ndarray of shape (n_features, k, k)
    """
    along = (h[:, None, :] @ v)[:, 0, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(d > 0, along**2 / d, 0.0)


def rho_range(blocks: Blocks) -> tuple[float, float]:
    """R's limits: a correlation matrix of the largest block stays positive definite."""
    return 1.0 / (1.0 - max(blocks.largest, 2)) + 0.01, _UPPER


def _pseudo_inverse(a: Floats, deficient: NDArray[np.bool_]) -> Floats:
    """Inverse of each matrix; of the deficient ones the pseudo-inverse."""
    out = np.empty_like(a)
    full = ~deficient
    out[full] = np.linalg.inv(a[full])
    if deficient.any():
        out[deficient] = np.linalg.pinv(a[deficient], rcond=1e-10, hermitian=True)
    return out
