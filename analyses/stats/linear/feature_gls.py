"""Generalised least squares of features with normal equations of their own: weights, many gaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analyses.stats.linear.common_gls import Parts, directions
from analyses.stats.linear.contrasts_fit_approximation import (
    ContrastsFitApproximation,
    approximate_sd,
)
from analyses.stats.linear.gls import NormalEquations
from cohortmart.core.types import Bools, Floats


def feature_gls(
    y: Floats,
    fit: NormalEquations,
    k: Floats,
    sets: Sequence[Sequence[int]],
    approximation: ContrastsFitApproximation | None,
    errors: str = "exact",
) -> Parts:
    """Evaluate contrasts of one block of rows.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
    k : ndarray of shape (rank, n_contrasts)
        Contrasts in the basis.
    sets : sequence of sequences of int
        Columns of `k` of each joint test.
    approximation : ContrastsFitApproximation or None
        What contrasts.fit would use; None: no ratio.
    errors : {"exact", "limma"}
        Whose standard errors and joint statistics are returned.
    """
    mean = observed_mean(y)
    df = np.maximum(fit.n_seen - fit.rank, 0).astype(float)
    sigma2 = np.where(df > 0, fit.rss / np.maximum(df, 1.0), np.nan)
    cov_k = fit.inverse @ k
    variance = np.broadcast_to((cov_k * k).sum(axis=1), (len(y), k.shape[1]))
    estimate = fit.gamma @ k
    inestimable = _inestimable(fit, k)
    exact = np.sqrt(np.maximum(variance, 0.0))  # rounding, where nothing can be estimated
    sd, ratio, t = exact, None, None
    if approximation is not None:
        of_limma = np.broadcast_to(approximate_sd(fit.inverse, approximation), estimate.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(inestimable | _unknown_to_limma(fit, approximation), np.nan, of_limma)
            ratio /= exact
            if errors == "limma":
                sd, t = of_limma, estimate / of_limma
    wald = np.empty((len(y), len(sets)))
    for s, one in enumerate(sets):
        ok = np.asarray(~inestimable[:, one].any(axis=1))
        if approximation is None or t is None:
            wald[:, s] = _wald(fit, k[:, one], ok)
        else:
            white = t[:, one] @ approximation.whiten[s]
            wald[:, s] = np.where(ok, (white**2).mean(axis=1), np.nan)
    estimate = np.where(inestimable, np.nan, estimate)
    return Parts(estimate, np.where(inestimable, np.nan, sd), sigma2, df, mean, wald, ratio)


def _inestimable(fit: NormalEquations, k: Floats) -> Bools:
    """Where a feature's own missing values leave a contrast without information."""
    out = np.zeros((len(fit.gamma), k.shape[1]), bool)
    deficient = np.flatnonzero(fit.rank < k.shape[0])
    if deficient.size:
        inverse = fit.inverse[deficient]
        within = inverse @ np.linalg.pinv(inverse, rcond=1e-10, hermitian=True)
        rest = np.abs(k - within @ k).max(axis=1)
        out[deficient] = rest > 1e-6 * np.abs(k).max(axis=0)
    return out


def _unknown_to_limma(fit: NormalEquations, a: ContrastsFitApproximation) -> Bools:
    """Where a contrast uses a coefficient that has no standard deviation of its own."""
    if (fit.rank == len(a.units)).all():
        return np.zeros((1, 1), bool)
    return np.asarray(_inestimable(fit, a.units) @ (a.contrasts != 0))


def _wald(fit: NormalEquations, k: Floats, ok: Bools) -> Floats:
    """Wald statistic over the independent directions of `k`, per direction, of the rows `ok`."""
    u = directions(k)
    estimate = fit.gamma @ u
    cov = u.T @ fit.inverse @ u
    out = np.full(len(estimate), np.nan)
    chosen = cov if len(cov) == 1 else cov[ok]
    solved = np.linalg.solve(chosen, estimate[ok][:, :, None])[:, :, 0]
    out[ok] = (estimate[ok] * solved).sum(axis=1) / u.shape[1]
    return out


def observed_mean(y: Floats) -> Floats:
    """Return each feature's mean over its observed values, NaN without any."""
    seen = np.isfinite(y)
    n = seen.sum(axis=1)
    total = np.where(seen, y, 0.0).sum(axis=1)
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))
