"""The same statistics once more, one feature at a time and with n x n matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.mixed.blocks import Blocks
from cohortmart.core.types import Floats


@dataclass(frozen=True)
class DenseFit:
    """Contrasts of one feature."""

    estimate: Floats
    unscaled_sd: Floats
    sigma2: float
    df: int
    wald: float


def covariance(blocks: Blocks, rho: float, weights: Floats) -> Floats:
    """V of one feature: correlation rho within blocks, variances 1 / weight."""
    same = blocks.codes[:, None] == blocks.codes[None, :]
    v = np.where(same, rho, 0.0)
    np.fill_diagonal(v, 1.0)
    return np.asarray(v / np.sqrt(weights[:, None] * weights[None, :]))


def dense_fit(
    y: Floats, x: Floats, contrasts: Floats, blocks: Blocks, rho: float, weights: Floats
) -> DenseFit:
    """Generalised least squares on the samples that have a value; full rank there."""
    seen = np.isfinite(y)
    v = covariance(blocks, rho, weights)[np.ix_(seen, seen)]
    y, x = y[seen], x[seen]
    solved = np.linalg.solve(v, np.column_stack([x, y]))
    information, score = x.T @ solved[:, :-1], x.T @ solved[:, -1]
    cov = np.linalg.inv(information)
    beta = cov @ score
    left = y - x @ beta
    df = len(y) - x.shape[1]
    estimate, of_contrasts = contrasts.T @ beta, contrasts.T @ cov @ contrasts
    rank = np.linalg.matrix_rank(contrasts)
    wald = float(estimate @ np.linalg.pinv(of_contrasts, rcond=1e-10) @ estimate / rank)
    sigma2 = float(left @ np.linalg.solve(v, left) / df) if df else float("nan")
    return DenseFit(estimate, np.sqrt(np.diag(of_contrasts)), sigma2, df, wald)


def restricted_log_likelihood(
    rho: float, y: Floats, x: Floats, blocks: Blocks, weights: Floats
) -> float:
    """Of one feature, the residual variance profiled out; constants left out."""
    seen = np.isfinite(y)
    v = covariance(blocks, rho, weights)[np.ix_(seen, seen)]
    y, x = y[seen], x[seen]
    xv = np.linalg.solve(v, x).T
    information = xv @ x
    left = y - x @ np.linalg.solve(information, xv @ y)
    n_free = len(y) - x.shape[1]
    scale = left @ np.linalg.solve(v, left) / n_free
    log_det = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    return float(-0.5 * (n_free * np.log(scale) + log_det))


def simulated(
    rng: np.random.Generator, n_features: int, blocks: Blocks, rho: float, x: Floats
) -> Floats:
    """Features with a block effect, means in the design's columns and variances of their own."""
    n = len(x)
    shared = rng.normal(size=(n_features, blocks.n_blocks)) @ blocks.indicators.T
    noise = np.sqrt(rho) * shared + np.sqrt(1.0 - rho) * rng.normal(size=(n_features, n))
    sd = np.sqrt(8.0 / rng.chisquare(8.0, size=(n_features, 1)))
    return np.asarray(6.0 + rng.normal(size=(n_features, x.shape[1])) @ x.T + sd * noise)
