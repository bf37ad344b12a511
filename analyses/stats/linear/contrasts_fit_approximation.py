"""contrasts.fit's approximation of contrast standard errors, to reproduce published tables.

limma combines a feature's own standard deviations of the coefficients with correlations of the
coefficients that are the same for all features: those of the fit without weights. That is exact
only if all features share their weights or the coefficients are uncorrelated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.linear.gls import information
from analyses.stats.numeric.parallel import rows_times
from cohortmart.core.types import Floats


@dataclass(frozen=True)
class ContrastsFitApproximation:
    """What contrasts.fit uses in place of each feature's own covariance.

    Parameters
    ----------
    units : ndarray of shape (rank, n_coefficients)
        Unit vectors of the coefficients in the basis.
    contrasts : ndarray of shape (n_coefficients, n_contrasts)
    correlation : ndarray of shape (n_coefficients, n_coefficients)
        Of the coefficients, in the fit without weights.
    variance : ndarray of shape (n_coefficients,)
        Unscaled, of the coefficients of complete features without weights.
    whiten : tuple of ndarray of shape (n_contrasts of the set, wald_df)
        Turns t statistics of the contrasts of each set into independent directions.
    """

    units: Floats
    contrasts: Floats
    correlation: Floats
    variance: Floats
    whiten: tuple[Floats, ...]


def contrasts_fit_approximation(
    basis: DesignBasis, contrasts: Floats, z: Floats, rho: float, sets: Sequence[Sequence[int]]
) -> ContrastsFitApproximation:
    """Prepare the approximation for a design.

    Parameters
    ----------
    contrasts : ndarray of shape (n_coefficients, n_contrasts)
    z : ndarray of shape (n_samples, n_blocks)
        Block indicators.
    rho : float
        Correlation within blocks.
    sets : sequence of sequences of int
        Columns of `contrasts` of each joint test.

    Raises
    ------
    ValueError
        The design is not of full rank.
    """
    units = basis.contrasts(np.eye(len(contrasts)))
    if np.isnan(units).any():
        raise ValueError("contrasts.fit's approximation needs a design of full rank")
    ones = np.ones((1, len(z)))
    a, _, _ = information(ones, ones > 0, basis.q, z, rho)
    cov = units.T @ np.linalg.inv(a[0]) @ units
    sd = np.sqrt(np.diag(cov))
    of_contrasts = contrasts.T @ cov @ contrasts
    whiten = tuple(_whitening(of_contrasts[np.ix_(one, one)]) for one in sets)
    return ContrastsFitApproximation(units, contrasts, cov / np.outer(sd, sd), sd**2, whiten)


def _whitening(cov: Floats) -> Floats:
    sd = np.sqrt(np.diag(cov))
    values, vectors = np.linalg.eigh(cov / np.outer(sd, sd))
    keep = values > 1e-8 * values[-1]
    return np.asarray(vectors[:, keep] / np.sqrt(values[keep]))


def approximate_sd(inverse: Floats, a: ContrastsFitApproximation) -> Floats:
    """Return the unscaled standard deviations of contrasts as contrasts.fit has them.

    Parameters
    ----------
    inverse : ndarray of shape (n_features or 1, rank, rank)
        (Q'V^-1 Q)^-1.

    Returns
    -------
    ndarray of shape (n_features or 1, n_contrasts)
    """
    variance = ((inverse @ a.units) * a.units).sum(axis=1)
    # rounding, where a feature's own missing values leave a coefficient without information
    return combined_sd(np.sqrt(np.maximum(variance, 0.0)), a)


def combined_sd(own: Floats, a: ContrastsFitApproximation) -> Floats:
    """Combine a feature's own deviations of the coefficients with the correlations of all.

    Parameters
    ----------
    own : ndarray of shape (n_features, n_coefficients)
        Unscaled standard deviations.

    Returns
    -------
    ndarray of shape (n_features, n_contrasts)
    """
    # a contrast's variance is linear in the products of the coefficients' deviations
    i, j = np.triu_indices(len(a.contrasts))
    twice = np.where(i == j, 1.0, 2.0) * a.correlation[i, j]
    table = twice[:, None] * a.contrasts[i] * a.contrasts[j]
    used = table.any(axis=1)
    variance = rows_times(own[:, i[used]] * own[:, j[used]], table[used])
    return np.sqrt(np.maximum(variance, 0.0))
