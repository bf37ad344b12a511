"""Contrasts of features that share the normal equations: no weights, few missing values.

Everything the fit needs of a feature is linear in its values, but for one sum of squares: one
product with a table gives residuals that are independent, contrasts, and whitened contrasts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyses.stats.basis import DesignBasis
from analyses.stats.fill_in import centred_product, fill_in, residual_basis
from analyses.stats.missing import MaskPatterns, by_number_missing

Floats = NDArray[np.float64]

#: estimate, unscaled_sd, sigma2, df_residual, mean, wald of some features, as in ContrastFit
Parts = tuple[Floats, Floats, Floats, Floats, Floats, Floats]


@dataclass(frozen=True)
class SharedFit:
    """The fit of complete features with one V.

    Parameters
    ----------
    residual : ndarray of shape (n_samples, n_samples - rank)
        F with F F' = V^-1 - V^-1 Q (Q'V^-1 Q)^-1 Q'V^-1: the generalised residual sum of squares
        is |F'y|^2.
    contrast : ndarray of shape (n_samples, n_contrasts)
        V^-1 Q (Q'V^-1 Q)^-1 k: the estimates are y times this.
    white : ndarray of shape (n_samples, wald_df)
        The same for directions that span the contrasts, with unscaled covariance I.
    variance : ndarray of shape (n_contrasts,)
        Unscaled, of the contrasts.
    """

    residual: Floats
    contrast: Floats
    white: Floats
    variance: Floats

    @property
    def table(self) -> Floats:
        """All columns side by side."""
        return np.hstack([self.residual, self.contrast, self.white])

    def split(self, e: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the columns of `y @ table` that belong to residuals, contrasts and directions."""
        r, c = self.residual.shape[1], self.contrast.shape[1]
        return e[..., :r], e[..., r : r + c], e[..., r + c :]


def shared_fit(basis: DesignBasis, k: Floats, z: Floats, rho: float) -> SharedFit:
    """Prepare the fit of complete features.

    Parameters
    ----------
    basis : DesignBasis
    k : ndarray of shape (rank, n_contrasts)
        Contrasts in the basis.
    z : ndarray of shape (n_samples, n_blocks)
        Block indicators.
    rho : float
        Correlation within blocks.
    """
    v = (1.0 - rho) * np.eye(len(z)) + rho * (z @ z.T)
    outside = residual_basis(basis)
    root = np.linalg.cholesky(outside.T @ v @ outside)
    residual = np.linalg.solve(root, outside.T).T
    # generalised least squares is least squares less what the residuals say of it
    hat = basis.q - residual @ (residual.T @ v @ basis.q)
    covariance = hat.T @ v @ hat
    u = directions(k)
    white = np.linalg.solve(np.linalg.cholesky(u.T @ covariance @ u), u.T).T
    variance = ((covariance @ k) * k).sum(axis=0)
    return SharedFit(residual, hat @ k, hat @ white, np.maximum(variance, 0.0))


def fit_complete(y: Floats, shared: SharedFit) -> Parts:
    """Fit features without missing values; `y` of shape (n_features, n_samples)."""
    e, mean = centred_product(y, shared.table)
    residual, estimate, white = shared.split(e)
    sd = np.broadcast_to(np.sqrt(shared.variance), estimate.shape)
    df = np.full(len(y), float(shared.residual.shape[1]))
    return estimate, sd, _sigma2(residual, df), df, mean, _mean_square(white)


def fit_filled(y: Floats, shared: SharedFit, patterns: MaskPatterns) -> Parts:
    """Fit features with missing values that can be filled in.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        NaN = missing.
    shared : SharedFit
        Of the complete features.
    patterns : MaskPatterns
        Of these features; each passes `can_fill_in`.

    Notes
    -----
    With F, H and G the rows of the residuals, contrasts and directions at the missing samples and
    S = F F', the unscaled covariances grow by H'S^-1 H and G'S^-1 G, and the Wald statistic is
    |w|^2 - (G w)'(S + G G')^-1 (G w), w the whitened estimates (Woodbury).
    """
    of = patterns.of_row
    table = shared.table
    e, mean = centred_product(y, table, patterns.masks[of])
    variance = np.empty((len(patterns.masks), shared.variance.size))
    lost = np.empty(len(y))
    for gaps in by_number_missing(patterns):
        inverse = fill_in(e, table, shared.residual.shape[1], gaps)
        residual, contrast, white = shared.split(table[gaps.samples])
        variance[gaps.patterns] = shared.variance + ((inverse @ contrast) * contrast).sum(axis=1)
        both = residual @ residual.transpose(0, 2, 1) + white @ white.transpose(0, 2, 1)
        along = white[gaps.of_row] @ shared.split(e[gaps.rows])[2][:, :, None]
        solved = np.linalg.inv(both)[gaps.of_row] @ along
        lost[gaps.rows] = (along * solved).sum(axis=(1, 2)) / white.shape[2]
    residual, estimate, white = shared.split(e)
    df = (patterns.masks.sum(axis=1) - (y.shape[1] - shared.residual.shape[1]))[of].astype(float)
    sd = np.sqrt(variance)[of]
    wald = np.maximum(_mean_square(white) - lost, 0.0)
    return estimate, sd, _sigma2(residual, df), df, mean, wald


def directions(k: Floats) -> Floats:
    """Orthonormal directions that span the contrasts."""
    u, s, _ = np.linalg.svd(k, full_matrices=False)
    return np.asarray(u[:, s > 1e-9 * s[0]])


def _sigma2(residual: Floats, df: Floats) -> Floats:
    rss = np.einsum("ij,ij->i", residual, residual)
    return np.where(df > 0, rss / np.maximum(df, 1.0), np.nan)


def _mean_square(white: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", white, white) / white.shape[1])
