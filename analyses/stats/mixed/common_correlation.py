"""Block correlation of features that share decompositions: no weights, few missing values.

The residuals are rotated once to independent coordinates: the first k have variance s2 + d_k t2,
t2 that of the blocks and s2 that of the noise, the others s2. What follows is one product for all
features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis, is_rounding
from analyses.stats.linear.missing import MaskPatterns, by_number_missing
from analyses.stats.linear.missing_plot import centred_product, missing_plot, residual_basis
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.mixed.feature_correlation import informative, rho_range, squares_along
from analyses.stats.mixed.reml import block_rho
from analyses.stats.mixed.weighted_least_squares import enough
from cohortmart.core.types import Floats


@dataclass(frozen=True)
class ResidualRotation:
    """Independent coordinates of the residuals, those that vary with the blocks first.

    Parameters
    ----------
    residual : ndarray of shape (n_samples, n_samples - rank)
        Orthonormal columns, orthogonal to the design; the first `len(d)` carry the blocks.
    d : ndarray of shape (k,)
        Squared singular values of the projected block indicators, zeros left out.
    """

    residual: Floats
    d: Floats


def residual_rotation(basis: DesignBasis, blocks: Blocks) -> ResidualRotation:
    """Find those coordinates for a design and its blocks."""
    outside = residual_basis(basis)
    u, s, _ = np.linalg.svd(outside.T @ blocks.indicators)
    d = informative(s[::-1] ** 2)[::-1]
    return ResidualRotation(outside @ u, d[d > 0])


def correlation_of_complete(
    y: Floats, rotation: ResidualRotation, basis: DesignBasis, blocks: Blocks
) -> Floats:
    """Inverse hyperbolic tangents of the correlations of features without missing values.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
    rotation : ResidualRotation
        Of `basis` and `blocks`.

    Returns
    -------
    ndarray of shape (n_features,)
        NaN where there is no estimate.
    """
    n, k = y.shape[1], rotation.d.size
    if not enough(np.array([n]), basis.rank, np.array([blocks.n_blocks]))[0]:
        return np.full(len(y), np.nan)
    squares = centred_product(y, rotation.residual)[0] ** 2
    squares[is_rounding(squares.sum(axis=1), np.einsum("ij,ij->i", y, y))] = 0.0
    free = np.array([float(n - basis.rank)])
    rss0 = squares[:, k:].sum(axis=1)
    rho = block_rho(rotation.d[None], squares[:, :k], rss0, free, *rho_range(blocks))
    return np.asarray(np.arctanh(rho))


def correlation_of_filled(
    y: Floats,
    rotation: ResidualRotation,
    basis: DesignBasis,
    blocks: Blocks,
    patterns: MaskPatterns,
) -> Floats:
    """Return the same for features with missing values that can be filled in.

    Parameters
    ----------
    y, rotation, basis, blocks
        As above; NaN = missing.
    patterns : MaskPatterns
        Of these features; each passes `allows_missing_plot`.

    Notes
    -----
    With G the rows of the rotated residuals at the missing samples, the first k coordinates get the
    covariance D^1/2 [ I - G'(GG')^-1 G ] D^1/2 in place of D = diag(d). One eigenvalue problem for
    each pattern.
    """
    of, n_seen = patterns.of_row, patterns.masks.sum(axis=1)
    seen = patterns.masks[of]
    rotated, _ = centred_product(y, rotation.residual, seen)
    k, root_d = rotation.d.size, np.sqrt(rotation.d)
    gram = np.empty((len(n_seen), k, k))
    for gaps in by_number_missing(patterns):
        inverse = missing_plot(rotated, rotation.residual, rotation.residual.shape[1], gaps)
        gone = rotation.residual[gaps.samples, :k] * root_d
        gram[gaps.patterns] = np.diag(rotation.d) - gone.transpose(0, 2, 1) @ inverse @ gone
    d, v = np.linalg.eigh(gram)
    d = informative(d)[of]
    total = (np.where(seen, y, 0.0) ** 2).sum(axis=1)
    rotated[is_rounding((rotated**2).sum(axis=1), total)] = 0.0
    u2 = squares_along(rotated[:, :k] * root_d, d, v[of])
    rss0 = np.maximum((rotated**2).sum(axis=1) - u2.sum(axis=1), 0.0)
    free = (n_seen - basis.rank).astype(float)[of]
    rho = block_rho(d, u2, rss0, np.maximum(free, 1.0), *rho_range(blocks))
    in_block = patterns.masks.astype(float) @ blocks.indicators
    ok = enough(n_seen, basis.rank, (in_block > 0).sum(axis=1))
    return np.where(ok[of], np.arctanh(rho), np.nan)
