"""Residuals of CpGs as independent coordinates: what says how their estimates correlate.

Two CpGs measured in the same samples have the same design and the same correlation within blocks
V. So the covariance of their estimates of a contrast is that of their residuals, whitened by V,
times what the design makes of it: cov(b_i, b_j) = r_ij se_i se_j.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.linear.common_gls import common_gls
from analyses.stats.linear.common_weights import common_row, scaled_basis
from analyses.stats.linear.missing import by_number_missing, find_gaps
from analyses.stats.linear.missing_plot import allows_missing_plot, centred_product, missing_plot
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.numeric.parallel import for_blocks
from cohortmart.core.types import Floats

_ROWS = 1024  # CpGs a block of work
#: Residuals shorter than this part of a CpG's values are rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Residuals:
    """Whitened residuals of CpGs.

    Parameters
    ----------
    unit : ndarray of shape (n_cpgs, n_residual)
        Independent coordinates of each CpG, scaled to length 1; NaN where they say nothing: no
        variation, or too many missing values.
    square : ndarray of shape (n_cpgs,)
        Residual sum of squares.
    df : ndarray of shape (n_cpgs,)
        Residual degrees of freedom: `n_residual` less the missing values.
    """

    unit: Floats
    square: Floats
    df: Floats


def residuals(
    y: Floats,
    basis: DesignBasis,
    blocks: Blocks | None = None,
    correlation: float = 0.0,
    weights: Floats | None = None,
) -> Residuals:
    """Whiten the residuals of CpGs.

    Parameters
    ----------
    y : ndarray of shape (n_cpgs, n_samples)
        M-values or betas; NaN = missing.
    basis : DesignBasis
        Of the design.
    blocks, correlation
        Samples of a block share this correlation; none means independent samples.
    weights : ndarray of shape (n_cpgs, n_samples), optional
        One row seen as many: weights of the samples.

    Raises
    ------
    ValueError
        Weights that are not the same for all CpGs.

    Notes
    -----
    A missing value is one more unknown of the fit, which leaves its residual 0 (Bartlett 1937).
    """
    if weights is not None:
        row = common_row(weights)
        if row is None:
            raise ValueError("every CpG needs the same weights")
        return residuals(y * np.sqrt(row), scaled_basis(basis, row), blocks, correlation)
    n, rank = basis.q.shape
    z, rho = (np.eye(n), 0.0) if blocks is None else (blocks.indicators, correlation)
    table = common_gls(basis, np.empty((rank, 0)), z, rho, []).residual
    out = np.full((len(y), table.shape[1]), np.nan)
    df, size = np.full(len(y), float(table.shape[1])), np.ones(len(y))
    gaps = find_gaps(y)

    def complete(start: int, stop: int) -> None:
        rows = start + np.flatnonzero(gaps.complete[start:stop])
        out[rows], _ = centred_product(y[rows], table)
        size[rows] = np.linalg.norm(y[rows], axis=1)

    def incomplete(start: int, stop: int) -> None:
        patterns = gaps.patterns.of(slice(start, stop))
        which = np.flatnonzero(allows_missing_plot(basis, patterns)[patterns.of_row])
        if not len(which):
            return
        rows, patterns = gaps.rows[start:stop][which], patterns.of(which)
        seen = patterns.masks[patterns.of_row]
        e, _ = centred_product(y[rows], table, seen)
        for one in by_number_missing(patterns):
            missing_plot(e, table, table.shape[1], one)
        out[rows], df[rows] = e, table.shape[1] - (~seen).sum(axis=1)
        size[rows] = np.linalg.norm(np.where(seen, y[rows], 0.0), axis=1)

    for_blocks(len(y), _ROWS, complete)
    for_blocks(len(gaps.rows), _ROWS, incomplete)
    length = np.linalg.norm(out, axis=1)
    length[~((length > _ROUNDING * size) & (df > 0))] = np.nan
    out /= length[:, None]
    return Residuals(out, length**2, df)
