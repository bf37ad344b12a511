"""The correlation of samples of the same block, shared by all features.

Smyth, Michaud & Scott (2005) Bioinformatics 21:2067. Each feature's correlation t2 / (t2 + s2) is
estimated by REML; the consensus is the hyperbolic tangent of the 15 % trimmed mean of their
inverse hyperbolic tangents. What limma calls duplicateCorrelation(block=), solved to the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyses.stats.basis import DesignBasis
from analyses.stats.blocks import Blocks
from analyses.stats.missing import MaskPatterns, find_patterns, observed_rank
from analyses.stats.reml import block_rho

Floats = NDArray[np.float64]

_ROWS = 4096  # features a block of work; keeps memory flat for a whole array
_TRIM = 0.15
_UPPER = 0.99


@dataclass(frozen=True)
class BlockCorrelation:
    """Within-block correlation of every feature and of all.

    Parameters
    ----------
    consensus : float
        The correlation all features share in the fit.
    atanh : ndarray of shape (n_features,)
        Inverse hyperbolic tangent of each feature's own correlation; NaN where it cannot be
        estimated.
    """

    consensus: float
    atanh: Floats


def block_correlation(
    y: Floats, basis: DesignBasis, blocks: Blocks, weights: Floats | None = None
) -> BlockCorrelation:
    """Estimate the correlation of samples in the same block.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        Values; NaN = missing.
    basis : DesignBasis
        Of the design, n_samples rows.
    blocks : Blocks
    weights : ndarray of shape (n_features, n_samples), optional
        Precision weights (inverse variances up to a factor), positive.

    Returns
    -------
    BlockCorrelation

    Raises
    ------
    ValueError
        No feature has enough values in enough blocks.
    """
    parts = [
        _of_rows(
            y[i : i + _ROWS], basis, blocks, None if weights is None else weights[i : i + _ROWS]
        )
        for i in range(0, y.shape[0], _ROWS)
    ]
    atanh = np.concatenate(parts) if parts else np.empty(0)
    return BlockCorrelation(consensus=consensus(atanh), atanh=atanh)


def consensus(atanh: Floats) -> float:
    """Return the tangent of the trimmed mean (15 % at each end) of the finite values."""
    finite = np.sort(atanh[np.isfinite(atanh)])
    if finite.size == 0:
        raise ValueError("no feature has enough values in enough blocks to estimate a correlation")
    cut = int(_TRIM * finite.size)
    return float(np.tanh(finite[cut : finite.size - cut].mean()))


def _of_rows(y: Floats, basis: DesignBasis, blocks: Blocks, weights: Floats | None) -> Floats:
    missing = ~np.isfinite(y)
    if weights is None and not missing.any():
        return _complete(y, basis, blocks)
    patterns = find_patterns(~missing)
    w = (~missing).astype(float) if weights is None else np.where(missing, 0.0, weights)
    return _weighted(np.where(missing, 0.0, y), w, basis, blocks, patterns)


def _complete(y: Floats, basis: DesignBasis, blocks: Blocks) -> Floats:
    """Every feature shares one decomposition."""
    z, q, n = blocks.indicators, basis.q, y.shape[1]
    if not _enough(np.array([n]), q.shape[1], np.array([blocks.n_blocks]))[0]:
        return np.full(y.shape[0], np.nan)
    residual = y - (y @ q) @ q.T
    residual[_is_rounding((residual**2).sum(axis=1), (y**2).sum(axis=1))] = 0.0
    projected = z - q @ (q.T @ z)
    d, v = _informative(*np.linalg.eigh(projected.T @ projected))
    u2 = _squares(residual @ projected, d[None, :], v)
    rss0 = np.maximum((residual**2).sum(axis=1) - u2.sum(axis=1), 0.0)
    free = np.array([float(n - basis.rank)])
    return np.arctanh(block_rho(d[None, :], u2, rss0, free, *_range(blocks.largest)))


def _weighted(
    y: Floats, w: Floats, basis: DesignBasis, blocks: Blocks, patterns: MaskPatterns
) -> Floats:
    """Each feature has its own weights; a missing value has weight 0.

    y and X are multiplied by sqrt(w), the block indicators are not: two samples of a block have
    correlation rho whatever their precision, which is the V of the fit that uses it.
    """
    q, z = basis.q, blocks.indicators
    p, n_blocks = q.shape[1], blocks.n_blocks
    rank = observed_rank(basis, patterns)[patterns.of_row]
    n_seen = patterns.masks.sum(axis=1)
    in_block = patterns.masks.astype(float) @ z
    ok = _enough(n_seen, p, (in_block > 0).sum(axis=1))[patterns.of_row]

    # weighted least squares in two steps: the second one repairs the rounding of the first
    pairs = (q[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    inverse = _pseudo_inverse((w @ pairs).reshape(-1, p, p), rank < p)
    residual = y
    for _ in range(2):
        beta = (inverse @ ((w * residual) @ q)[:, :, None])[:, :, 0]
        residual = residual - beta @ q.T
    residual[_is_rounding((w * residual**2).sum(axis=1), (w * y**2).sum(axis=1))] = 0.0
    by_block = (z[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    root = np.sqrt(w)
    zq = (root @ by_block).reshape(-1, n_blocks, p)
    gram = -(zq @ inverse @ zq.transpose(0, 2, 1))
    index = np.arange(n_blocks)
    gram[:, index, index] += in_block[patterns.of_row]
    d, v = np.linalg.eigh(gram)
    d, v = _informative(d, v)
    u2 = _squares((root * residual) @ z, d, v)
    rss0 = np.maximum((w * residual**2).sum(axis=1) - u2.sum(axis=1), 0.0)
    free = (n_seen[patterns.of_row] - rank).astype(float)
    rho = block_rho(d, u2, rss0, np.maximum(free, 1.0), *_range(blocks.largest))
    return np.where(ok & (free > 0), np.arctanh(rho), np.nan)


def _enough(n_values: NDArray[np.int64], p: int, n_blocks: NDArray[np.int64]) -> NDArray[np.bool_]:
    """R's rule: more values than coefficients + 2, and at least one block with two values."""
    return np.asarray((n_values > p + 2) & (n_blocks > 1) & (n_blocks < n_values - 1))


def _is_rounding(residual: Floats, total: Floats) -> NDArray[np.bool_]:
    """Where a feature does not vary (a gene without counts): its residuals say nothing."""
    return np.asarray(residual <= 1e-24 * total)


def _informative(d: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Set eigenvalues that are zero up to rounding to zero."""
    return np.where(d > 1e-10 * d[..., -1:], d, 0.0), v


def _squares(h: Floats, d: Floats, v: Floats) -> Floats:
    """Squared projections of y on the directions of the projected block indicators."""
    along = (h[:, None, :] @ v)[:, 0, :] if v.ndim == 3 else h @ v
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(d > 0, along**2 / d, 0.0)


def _pseudo_inverse(a: Floats, deficient: NDArray[np.bool_]) -> Floats:
    """Inverse of each matrix; of the deficient ones the pseudo-inverse."""
    out = np.empty_like(a)
    full = ~deficient
    out[full] = np.linalg.inv(a[full])
    if deficient.any():
        out[deficient] = np.linalg.pinv(a[deficient], rcond=1e-10, hermitian=True)
    return out


def _range(largest_block: int) -> tuple[float, float]:
    """R's limits: a correlation matrix of the largest block stays positive definite."""
    return 1.0 / (1.0 - max(largest_block, 2)) + 0.01, _UPPER
