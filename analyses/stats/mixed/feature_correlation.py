"""Block correlation of features that share no decomposition: weights, or many gaps.

Each has precision weights of its own, or lacks so many samples that the design suffers.
"""

from __future__ import annotations

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.mixed.reml import block_rho
from analyses.stats.mixed.weighted_least_squares import (
    gram_and_inverse,
    weighted_data,
    weighted_least_squares,
)
from analyses.stats.numeric.parallel import rows_times
from cohortmart.core.types import Floats, Ints

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
    weights : ndarray of shape (n_features, n_samples), optional
        None: features with the same missing samples share their decompositions.

    Returns
    -------
    ndarray of shape (n_features,)
        Inverse hyperbolic tangents; NaN where there is no estimate.
    """
    f = weighted_data(y, basis, blocks, weights)
    of = f.patterns.of_row
    if weights is None:
        masks = f.patterns.masks.astype(float)
        inverse, d, v = (a[of] for a in _decompose(masks, f.rank, f.in_block, basis, blocks))
    else:
        inverse, d, v = _decompose(f.w, f.rank[of], f.in_block[of], basis, blocks)
    _, residual = weighted_least_squares(f, inverse, basis.q)
    u2 = squares_along(rows_times(np.sqrt(f.w) * residual, blocks.indicators), d, v)
    rss0 = np.maximum((f.w * residual**2).sum(axis=1) - u2.sum(axis=1), 0.0)
    free = (f.n_seen - f.rank)[of].astype(float)
    rho = block_rho(d, u2, rss0, np.maximum(free, 1.0), *rho_range(blocks))
    return np.where(f.enough[of] & (free > 0), np.arctanh(rho), np.nan)


def _decompose(
    w: Floats, rank: Ints, in_block: Floats, basis: DesignBasis, blocks: Blocks
) -> tuple[Floats, Floats, Floats]:
    """(Q'WQ)^-1, and eigenvalues and eigenvectors of the projected block indicators."""
    q, z = basis.q, blocks.indicators
    p, n_blocks = q.shape[1], z.shape[1]
    _, inverse = gram_and_inverse(w, rank < p, q)
    by_block = (z[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    zq = rows_times(np.sqrt(w), by_block).reshape(-1, n_blocks, p)
    gram = -(zq @ inverse @ zq.transpose(0, 2, 1))
    index = np.arange(n_blocks)
    gram[:, index, index] += in_block
    d, v = np.linalg.eigh(gram)
    return inverse, informative(d), v


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
