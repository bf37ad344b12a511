"""Contrasts of the generalised least-squares fit of every feature, before moderation.

A contrast c has the exact unscaled variance c'(Q'V_g^-1 Q)^-1 c, from each feature's own V_g.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyses.stats.basis import DesignBasis
from analyses.stats.blocks import Blocks
from analyses.stats.gls import NormalEquations, solve_gls
from analyses.stats.limma_errors import LimmaErrors, approximate_sd, limma_errors

Floats = NDArray[np.float64]

_ROWS = 4096


@dataclass(frozen=True)
class ContrastFit:
    """Contrasts of every feature before moderation.

    Parameters
    ----------
    estimate : ndarray of shape (n_features, n_contrasts)
        In the units of y; NaN where the feature's own missing values make it inestimable.
    unscaled_sd : ndarray of shape (n_features, n_contrasts)
        Standard error divided by the residual standard deviation.
    sigma2 : ndarray of shape (n_features,)
        Residual variance; NaN without residual degrees of freedom.
    df_residual : ndarray of shape (n_features,)
    mean : ndarray of shape (n_features,)
        Mean of the observed values, unweighted (limma's AveExpr).
    wald : ndarray of shape (n_features,)
        Wald statistic of all contrasts together, divided by their number of independent
        directions, before division by the posterior variance; NaN where one is inestimable.
    wald_df : int
        That number.
    """

    estimate: Floats
    unscaled_sd: Floats
    sigma2: Floats
    df_residual: Floats
    mean: Floats
    wald: Floats
    wald_df: int


def fit_contrasts(
    y: Floats,
    basis: DesignBasis,
    contrasts: Floats,
    blocks: Blocks | None = None,
    correlation: float = 0.0,
    weights: Floats | None = None,
    errors: str = "exact",
) -> ContrastFit:
    """Fit every feature and evaluate contrasts of its coefficients.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        Values; NaN = missing.
    basis : DesignBasis
        Of the design matrix.
    contrasts : ndarray of shape (n_coefficients, n_contrasts)
    blocks, correlation
        Samples of a block share this correlation; none means independent samples.
    weights : ndarray of shape (n_features, n_samples), optional
        Precision weights, positive.
    errors : {"exact", "limma"}
        `exact`: each feature's own covariance. `limma`: contrasts.fit's approximation, which
        combines the feature's own standard deviations with the correlations of the coefficients
        in the fit without weights.

    Raises
    ------
    ValueError
        A contrast cannot be estimated, or limma's approximation is asked of a design whose
        coefficients are not all estimable.
    """
    k = basis.contrasts(contrasts)
    if np.isnan(k).any():
        raise ValueError("a contrast cannot be estimated with this design")
    # without blocks every sample is a block of its own
    z = np.eye(len(basis.q)) if blocks is None else blocks.indicators
    rho = 0.0 if blocks is None else correlation
    approximation = limma_errors(basis, contrasts, z, rho) if errors == "limma" else None
    parts = []
    for i in range(0, max(len(y), 1), _ROWS):
        rows = y[i : i + _ROWS]
        w = None if weights is None else weights[i : i + _ROWS]
        parts.append(_contrasts_of(rows, solve_gls(rows, basis, z, rho, w), k, approximation))
    estimate, sd, sigma2, df, mean, wald = (np.concatenate(c) for c in zip(*parts, strict=True))
    return ContrastFit(estimate, sd, sigma2, df, mean, wald, wald_df=_directions(k).shape[1])


def _contrasts_of(
    y: Floats, fit: NormalEquations, k: Floats, approximation: LimmaErrors | None
) -> tuple[Floats, ...]:
    """Estimates and errors of the contrasts `k` (rank, n_contrasts) of one block of rows."""
    seen = np.isfinite(y)
    n = seen.sum(axis=1)
    mean = np.where(n > 0, np.where(seen, y, 0.0).sum(axis=1) / np.maximum(n, 1), np.nan)
    df = np.maximum(fit.n_seen - fit.rank, 0).astype(float)
    sigma2 = np.where(df > 0, fit.rss / np.maximum(df, 1.0), np.nan)
    cov_k = fit.inverse @ k
    variance = np.broadcast_to((cov_k * k).sum(axis=1), (len(y), k.shape[1]))
    estimate = fit.gamma @ k
    inestimable = _inestimable(fit, k)
    if approximation is None:
        sd = np.sqrt(np.maximum(variance, 0.0))  # rounding, where nothing can be estimated
        wald = _wald(fit, k, np.asarray(~inestimable.any(axis=1)))
    else:
        sd = np.broadcast_to(approximate_sd(fit.inverse, approximation), estimate.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (estimate / sd) @ approximation.whiten
        wald = (t**2).mean(axis=1)
    estimate = np.where(inestimable, np.nan, estimate)
    wald = np.where(inestimable.any(axis=1), np.nan, wald)
    return estimate, np.where(inestimable, np.nan, sd), sigma2, df, mean, wald


def _inestimable(fit: NormalEquations, k: Floats) -> NDArray[np.bool_]:
    """Where a feature's own missing values leave a contrast without information."""
    out = np.zeros((len(fit.gamma), k.shape[1]), bool)
    deficient = np.flatnonzero(fit.rank < k.shape[0])
    if deficient.size:
        inverse = fit.inverse[deficient]
        within = inverse @ np.linalg.pinv(inverse, rcond=1e-10, hermitian=True)
        rest = np.abs(k - within @ k).max(axis=1)
        out[deficient] = rest > 1e-6 * np.abs(k).max(axis=0)
    return out


def _wald(fit: NormalEquations, k: Floats, ok: NDArray[np.bool_]) -> Floats:
    """Wald statistic over the independent directions of `k`, per direction, of the rows `ok`."""
    u = _directions(k)
    estimate = fit.gamma @ u
    cov = u.T @ fit.inverse @ u
    out = np.full(len(estimate), np.nan)
    chosen = cov if len(cov) == 1 else cov[ok]
    solved = np.linalg.solve(chosen, estimate[ok][:, :, None])[:, :, 0]
    out[ok] = (estimate[ok] * solved).sum(axis=1) / u.shape[1]
    return out


def _directions(k: Floats) -> Floats:
    """Orthonormal directions that span the contrasts."""
    u, s, _ = np.linalg.svd(k, full_matrices=False)
    return np.asarray(u[:, s > 1e-9 * s[0]])
