"""Contrasts of the generalised least-squares fit of every feature, before moderation.

A contrast c has the exact unscaled variance c'(Q'V_g^-1 Q)^-1 c, from each feature's own V_g.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyses.stats.basis import DesignBasis
from analyses.stats.blocks import Blocks
from analyses.stats.fill_in import can_fill_in
from analyses.stats.gls import NormalEquations, solve_gls
from analyses.stats.limma_errors import LimmaErrors, approximate_sd, limma_errors
from analyses.stats.missing import find_gaps
from analyses.stats.parallel import for_blocks
from analyses.stats.shared_fit import (
    Parts,
    directions,
    fit_complete,
    fit_filled,
    shared_fit,
)

Floats = NDArray[np.float64]

_ROWS = 1024  # features a block of work; its arrays stay in the processor's cache


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
    out = _empty(len(y), k.shape[1], directions(k).shape[1])
    if weights is not None or approximation is not None:

        def own(start: int, stop: int) -> None:
            rows = slice(start, stop)
            w = None if weights is None else weights[rows]
            fit = solve_gls(y[rows], basis, z, rho, w)
            _put(out, rows, _contrasts_of(y[rows], fit, k, approximation))

        for_blocks(len(y), _ROWS, own)
        return out
    gaps, shared = find_gaps(y), shared_fit(basis, k, z, rho)

    def complete(start: int, stop: int) -> None:
        rows = start + np.flatnonzero(gaps.complete[start:stop])
        _put(out, rows, fit_complete(y[rows], shared))

    def incomplete(start: int, stop: int) -> None:
        patterns = gaps.patterns.of(slice(start, stop))
        rows, fillable = gaps.rows[start:stop], can_fill_in(basis, patterns)[patterns.of_row]
        filled, others = np.flatnonzero(fillable), rows[~fillable]
        if filled.size:
            _put(out, rows[filled], fit_filled(y[rows[filled]], shared, patterns.of(filled)))
        if others.size:
            fit = solve_gls(y[others], basis, z, rho, None)
            _put(out, others, _contrasts_of(y[others], fit, k, None))

    for_blocks(len(y), _ROWS, complete)
    for_blocks(len(gaps.rows), _ROWS, incomplete)
    return out


def join_fits(fits: Sequence[ContrastFit]) -> ContrastFit:
    """Put fits of parts of the features together, in their order.

    Parameters
    ----------
    fits : sequence of ContrastFit
        Of the same contrasts, design and correlation; not empty.
    """
    n = sum(len(f.sigma2) for f in fits)
    out = _empty(n, fits[0].estimate.shape[1], fits[0].wald_df)
    start = 0
    for f in fits:
        stop = start + len(f.sigma2)
        parts = (f.estimate, f.unscaled_sd, f.sigma2, f.df_residual, f.mean, f.wald)
        _put(out, slice(start, stop), parts)
        start = stop
    return out


def _empty(n: int, n_contrasts: int, wald_df: int) -> ContrastFit:
    """Room for a fit; what is read contrast by contrast lies contrast by contrast."""
    estimate, sd = (np.empty((n, n_contrasts), order="F") for _ in range(2))
    sigma2, df, mean, wald = (np.empty(n) for _ in range(4))
    return ContrastFit(estimate, sd, sigma2, df, mean, wald, wald_df)


def _put(out: ContrastFit, rows: slice | NDArray[np.int64], parts: Parts) -> None:
    places = (out.estimate, out.unscaled_sd, out.sigma2, out.df_residual, out.mean, out.wald)
    for place, values in zip(places, parts, strict=True):
        place[rows] = values


def _contrasts_of(
    y: Floats, fit: NormalEquations, k: Floats, approximation: LimmaErrors | None
) -> Parts:
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
    u = directions(k)
    estimate = fit.gamma @ u
    cov = u.T @ fit.inverse @ u
    out = np.full(len(estimate), np.nan)
    chosen = cov if len(cov) == 1 else cov[ok]
    solved = np.linalg.solve(chosen, estimate[ok][:, :, None])[:, :, 0]
    out[ok] = (estimate[ok] * solved).sum(axis=1) / u.shape[1]
    return out
