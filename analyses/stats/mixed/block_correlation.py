"""Block correlation: that of samples of the same block, shared by all features.

Smyth, Michaud & Scott (2005) Bioinformatics 21:2067. Each feature's correlation t2 / (t2 + s2) is
estimated by REML; the consensus is the hyperbolic tangent of the 15 % trimmed mean of their
inverse hyperbolic tangents. What limma calls duplicateCorrelation(block=), solved to the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.linear.common_weights import common_row, scaled_basis
from analyses.stats.linear.missing import MaskPatterns, find_gaps
from analyses.stats.linear.missing_plot import allows_missing_plot
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.mixed.common_correlation import (
    ResidualRotation,
    correlation_of_complete,
    correlation_of_filled,
    residual_rotation,
)
from analyses.stats.mixed.feature_correlation import feature_correlation
from analyses.stats.numeric.parallel import for_blocks
from cohortmart.core.types import Floats, Ints

_ROWS = 1024  # features a block of work; its arrays stay in the processor's cache
_TRIM = 0.15


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
    weights : ndarray of shape (n_features, n_samples), optional
        Precision weights (inverse variances up to a factor), positive. One row that
        `numpy.broadcast_to` shows to all features costs no more than none.

    Raises
    ------
    ValueError
        No feature has enough values in enough blocks.
    """
    atanh = correlation_of_rows(y, basis, blocks, weights)
    return BlockCorrelation(consensus=consensus(atanh), atanh=atanh)


def correlation_of_rows(
    y: Floats, basis: DesignBasis, blocks: Blocks, weights: Floats | None = None
) -> Floats:
    """Estimate the correlation of each of some features: `block_correlation`, to be continued.

    Parameters
    ----------
    y, basis, blocks, weights
        As in `block_correlation`; `y` may be any part of the features.

    Returns
    -------
    ndarray of shape (n_features,)
        Inverse hyperbolic tangents, NaN where there is no estimate. Joined over all parts they go
        to `consensus`.
    """
    atanh = np.empty(len(y))
    row = common_row(weights)
    if weights is not None and row is None:

        def weighted(start: int, stop: int) -> None:
            atanh[start:stop] = feature_correlation(
                y[start:stop], basis, blocks, weights[start:stop]
            )

        for_blocks(len(y), _ROWS, weighted)
        return atanh
    root = None if row is None else np.sqrt(row)
    basis = basis if row is None else scaled_basis(basis, row)
    gaps, rotation = find_gaps(y), residual_rotation(basis, blocks)

    def scaled(rows: Ints) -> Floats:
        return y[rows] if root is None else y[rows] * root

    def complete(start: int, stop: int) -> None:
        rows = start + np.flatnonzero(gaps.complete[start:stop])
        atanh[rows] = correlation_of_complete(scaled(rows), rotation, basis, blocks)

    def incomplete(start: int, stop: int) -> None:
        rows, patterns = gaps.rows[start:stop], gaps.patterns.of(slice(start, stop))
        atanh[rows] = _incomplete(scaled(rows), rotation, basis, blocks, patterns)

    for_blocks(len(y), _ROWS, complete)
    for_blocks(len(gaps.rows), _ROWS, incomplete)
    return atanh


def consensus(atanh: Floats) -> float:
    """Return the tangent of the trimmed mean (15 % at each end) of the finite values."""
    finite = np.sort(atanh[np.isfinite(atanh)])
    if finite.size == 0:
        raise ValueError("no feature has enough values in enough blocks to estimate a correlation")
    cut = int(_TRIM * finite.size)
    return float(np.tanh(finite[cut : finite.size - cut].mean()))


def _incomplete(
    y: Floats,
    rotation: ResidualRotation,
    basis: DesignBasis,
    blocks: Blocks,
    patterns: MaskPatterns,
) -> Floats:
    fillable = allows_missing_plot(basis, patterns)[patterns.of_row]
    out = np.empty(len(y))
    if fillable.any():
        chosen = np.flatnonzero(fillable)
        own = patterns.of(chosen)
        out[chosen] = correlation_of_filled(y[chosen], rotation, basis, blocks, own)
    if not fillable.all():
        out[~fillable] = feature_correlation(y[~fillable], basis, blocks)
    return out
