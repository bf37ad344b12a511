"""The correlation of the log fold changes of two contrasts, and its value without any effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.numeric.cross_product import cross_product
from cohortmart.core.types import Floats, Ints

_ROWS = 16384  # features at a time, to hold no second copy of all


@dataclass(frozen=True)
class ObservedCorrelation:
    """Correlations over features of every pair of contrasts.

    Parameters
    ----------
    r : ndarray of shape (n_contrasts, n_contrasts)
        Pearson; NaN where fewer than two features have both or one of the two does not vary.
    n_features : ndarray of the same shape, int
        Features with both log fold changes.
    """

    r: Floats
    n_features: Ints


def contrast_correlations(estimate: Floats) -> ObservedCorrelation:
    """Correlate the log fold changes of every pair of contrasts over the features with both.

    Parameters
    ----------
    estimate : ndarray of shape (n_features, n_contrasts)
        Log fold changes; NaN where a contrast of a feature cannot be estimated.
    """
    k = estimate.shape[1]
    seen_sum, total = np.zeros(k), np.zeros(k)
    for rows in _blocks(len(estimate)):
        seen = np.isfinite(estimate[rows])
        seen_sum += seen.sum(axis=0)
        total += np.where(seen, estimate[rows], 0.0).sum(axis=0)
    # centred first, so that what the pairs share of the mean costs no digits
    centre = total / np.maximum(seen_sum, 1.0)
    n, sums, squares, products = (np.zeros((k, k)) for _ in range(4))
    for rows in _blocks(len(estimate)):
        seen = np.isfinite(estimate[rows])
        both, x = seen.astype(float), np.where(seen, estimate[rows] - centre, 0.0)
        n += cross_product(both, both)
        sums += cross_product(x, both)  # of the first, where the second is there
        squares += cross_product(x**2, both)
        products += cross_product(x, x)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = squares - sums**2 / n
        noise = 1e-13 * squares  # what rounding leaves of a contrast that does not vary
        variance = np.where(variance > noise, variance, np.nan)
        r = (products - sums * sums.T / n) / np.sqrt(variance * variance.T)
    return ObservedCorrelation(np.clip(r, -1.0, 1.0), n.astype(np.int64))


def no_effect_correlation(
    basis: DesignBasis, contrasts: Floats, blocks: Blocks | None = None, rho: float = 0.0
) -> Floats:
    """Correlation that two contrasts have when nothing happens: that of their errors.

    Parameters
    ----------
    basis : DesignBasis
        Of the design matrix.
    contrasts : ndarray of shape (n_coefficients, n_contrasts)
    blocks, rho
        Samples of a block share this correlation; none means independent samples.

    Returns
    -------
    ndarray of shape (n_contrasts, n_contrasts)
        c1'M c2 / sqrt(c1'M c1 c2'M c2), M = (X'V^-1 X)^-1 without weights. Two changes that share
        a mean have -0.5 with balanced visits: what lifts the shared mean lifts the one and lowers
        the other.

    Raises
    ------
    ValueError
        A contrast cannot be estimated, or the correlation is impossible with these blocks.
    """
    root = inverse_root(len(basis.q), blocks, rho)
    x = root @ basis.q
    k = np.linalg.solve(np.linalg.cholesky(x.T @ x), estimable(basis, contrasts))
    length = np.linalg.norm(k, axis=0)
    with np.errstate(invalid="ignore"):
        k = k / length
    return np.asarray(np.clip(k.T @ k, -1.0, 1.0))


def estimable(basis: DesignBasis, contrasts: Floats) -> Floats:
    """Express contrasts in the basis.

    Raises
    ------
    ValueError
        One cannot be estimated.
    """
    k = basis.contrasts(contrasts)
    if np.isnan(k).any():
        raise ValueError("a contrast cannot be estimated with this design")
    return k


def inverse_root(n_samples: int, blocks: Blocks | None, rho: float) -> Floats:
    """Return the symmetric V^-1/2, V being 1 on the diagonal and rho within blocks.

    Raises
    ------
    ValueError
        No covariance has this correlation.
    """
    if blocks is None:
        return np.eye(n_samples)
    z = blocks.indicators
    size = z.sum(axis=0)
    along = 1.0 + (size - 1.0) * rho  # variance of a block's mean, times its size
    if rho >= 1.0 or along.min() <= 0.0:
        raise ValueError(f"blocks of {int(size.max())} samples cannot have correlation {rho:g}")
    apart = 1.0 / np.sqrt(1.0 - rho)
    return np.asarray(apart * np.eye(n_samples) + (z * ((along**-0.5 - apart) / size)) @ z.T)


def _blocks(n: int) -> list[slice]:
    return [slice(start, start + _ROWS) for start in range(0, n, _ROWS)]
