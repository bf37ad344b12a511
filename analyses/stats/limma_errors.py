"""contrasts.fit's approximation of contrast standard errors, to reproduce published tables.

limma combines a feature's own standard deviations of the coefficients with correlations of the
coefficients that are the same for all features: those of the fit without weights. That is exact
only if all features share their weights or the coefficients are uncorrelated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyses.stats.basis import DesignBasis
from analyses.stats.gls import information

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LimmaErrors:
    """What contrasts.fit uses.

    Parameters
    ----------
    units : ndarray of shape (rank, n_coefficients)
        Unit vectors of the coefficients in the basis.
    contrasts : ndarray of shape (n_coefficients, n_contrasts)
    correlation : ndarray of shape (n_coefficients, n_coefficients)
        Of the coefficients, in the fit without weights.
    whiten : ndarray of shape (n_contrasts, wald_df)
        Turns t statistics of the contrasts into independent directions.
    """

    units: Floats
    contrasts: Floats
    correlation: Floats
    whiten: Floats


def limma_errors(basis: DesignBasis, contrasts: Floats, z: Floats, rho: float) -> LimmaErrors:
    """Prepare the approximation for a design.

    Parameters
    ----------
    basis : DesignBasis
    contrasts : ndarray of shape (n_coefficients, n_contrasts)
    z : ndarray of shape (n_samples, n_blocks)
        Block indicators.
    rho : float
        Correlation within blocks.

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
    csd = np.sqrt(np.diag(of_contrasts))
    values, vectors = np.linalg.eigh(of_contrasts / np.outer(csd, csd))
    keep = values > 1e-8 * values[-1]
    whiten = vectors[:, keep] / np.sqrt(values[keep])
    return LimmaErrors(units, contrasts, cov / np.outer(sd, sd), whiten)


def approximate_sd(inverse: Floats, a: LimmaErrors) -> Floats:
    """Return the unscaled standard deviations of contrasts as contrasts.fit has them.

    Parameters
    ----------
    inverse : ndarray of shape (n_features or 1, rank, rank)
        (Q'V^-1 Q)^-1.
    a : LimmaErrors

    Returns
    -------
    ndarray of shape (n_features or 1, n_contrasts)
    """
    own = np.sqrt(((inverse @ a.units) * a.units).sum(axis=1))
    scaled = own[:, :, None] * a.contrasts
    return np.asarray(np.sqrt(((a.correlation @ scaled) * scaled).sum(axis=1)))
