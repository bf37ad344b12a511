"""ComBat's priors and posteriors of one batch (Johnson, Li & Rabinovic 2007, sections 3.1-3.2).

In a batch, the mean of a standardised feature is normal around `gamma_bar` with variance `tau2`,
its variance inverse gamma with shape `a` and scale `b`; both priors come from the moments of all
features. The posterior values solve the paper's equations for gamma* and delta2* in turns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.batch.combat_design import CombatError
from cohortmart.core.types import Bools, Floats

#: R stops when no value of the batch changes by more than this share.
TOLERANCE = 1e-4
#: A relative change that is rounding.
_AT_REST = 1e-15
#: Rounds after which features at rest are put aside.
_SORT_OUT = 4
MOST_ROUNDS = 10_000
_CHUNK = 1 << 13


@dataclass(frozen=True)
class BatchPrior:
    """What the features of a batch have in common, on the scale of residual sd 1.

    Parameters
    ----------
    n_samples, n_features : int
        Samples of the batch; features that were adjusted in it.
    gamma_bar, tau2 : float
        Mean and variance of the batch effects on the mean.
    delta2_bar : float
        Mean of the variances; NaN if only means are corrected.
    a, b : float
        Shape and scale of the inverse gamma prior of the variances; NaN if only means are
        corrected, infinite if all variances are equal.
    rounds : int
        Rounds until the posterior values stood still; 0 if only means are corrected.
    """

    batch: str
    n_samples: int
    n_features: int
    gamma_bar: float
    tau2: float
    delta2_bar: float
    a: float
    b: float
    rounds: int


@dataclass(frozen=True)
class BatchPosterior:
    """Posterior effects of a batch on features, and the prior they were shrunk to.

    Parameters
    ----------
    gamma : ndarray of shape (n_features,)
        Effect on the mean of the standardised values.
    delta2 : ndarray of shape (n_features,)
        Their variance; 1 if only means are corrected.
    """

    gamma: Floats
    delta2: Floats
    prior: BatchPrior


def posterior(
    batch: str, n_samples: int, gamma: Floats, squares: Floats, counts: Floats, mean_only: bool
) -> BatchPosterior:
    """Shrink the effects of one batch.

    Parameters
    ----------
    n_samples : int
        For the report.
    gamma : ndarray of shape (n_features,)
        Batch means of the standardised values.
    squares : ndarray of shape (n_features,)
        Their sums of squares around that mean.
    counts : ndarray of shape (n_features,)
        Numbers of values, at least 1; a feature of one value has no variance of its own and takes
        no part in the prior of the variances.

    Raises
    ------
    CombatError
        Fewer than two features to estimate a prior from, or no variance in the whole batch.
    """
    if len(gamma) < 2:
        raise CombatError(
            f"batch {batch} has {len(gamma)} features that can be adjusted, but ComBat estimates "
            "what batches do from many features",
            "give more features, or check for missing and constant values",
            [batch],
        )
    gamma_bar, tau2 = float(gamma.mean()), float(gamma.var(ddof=1))
    if mean_only:
        # R takes the batch as one value with variance 1
        nan = float("nan")
        prior = BatchPrior(batch, n_samples, len(gamma), gamma_bar, tau2, nan, nan, nan, 0)
        return BatchPosterior((tau2 * gamma + gamma_bar) / (tau2 + 1.0), np.ones_like(gamma), prior)
    several = counts > 1
    own = squares[several] / (counts[several] - 1.0)
    mean = float(own.mean()) if len(own) else 0.0
    if len(own) < 2 or mean == 0.0:
        raise CombatError(
            f"batch {batch}: no variance of its own can be estimated, as fewer than two features "
            "have two different values in it",
            "correct means only (mean_only) or leave the batch out",
            [batch],
        )
    variance = float(own.var(ddof=1))
    start = np.full_like(gamma, mean)
    start[several] = own
    found, delta2, rounds = _solve(gamma, start, squares, counts, gamma_bar, tau2, mean, variance)
    with np.errstate(divide="ignore"):
        a = float(2.0 + np.float64(mean**2) / variance)
        b = float(mean + np.float64(mean**3) / variance)
    prior = BatchPrior(batch, n_samples, len(gamma), gamma_bar, tau2, mean, a, b, rounds)
    return BatchPosterior(found, delta2, prior)


def _solve(
    gamma: Floats,
    delta2: Floats,
    squares: Floats,
    counts: Floats,
    gamma_bar: float,
    tau2: float,
    mean: float,
    variance: float,
) -> tuple[Floats, Floats, int]:
    """Alternate the posterior means of gamma and delta2 until they stand still.

    The stop is for the batch as a whole, as in R. R's relative change of gamma is over gamma
    itself, sign included (seen from its output: with the absolute value, results differ by 1e-5),
    so that negative ones never keep it from stopping.
    """
    found, delta2 = gamma.copy(), delta2.copy()
    # (squares / 2 + b) / (n / 2 + a - 1) times the variance of the variances, which may be 0
    terms: tuple[Floats, ...] = (
        gamma,
        tau2 * counts,
        (0.5 * counts + 1.0) * variance + mean**2,
        0.5 * variance * squares + (mean * variance + mean**3),
        0.5 * variance * counts,
    )
    moving = np.arange(len(gamma))
    now, now_delta2 = found, delta2
    with np.errstate(divide="ignore", invalid="ignore"):
        for done in range(1, MOST_ROUNDS + 1):
            moved, still = _advance(now, now_delta2, terms, gamma_bar)
            if moved <= TOLERANCE or done % _SORT_OUT == 0:
                found[moving], delta2[moving] = now, now_delta2
                # what has come to rest takes no part in further rounds
                moving, terms = moving[~still], tuple(t[~still] for t in terms)
                now, now_delta2 = now[~still], now_delta2[~still]
            if moved <= TOLERANCE:
                return found, delta2, done
    raise CombatError(
        "the posterior values do not settle", "check the values for outliers of many magnitudes"
    )


def _advance(
    found: Floats, delta2: Floats, terms: tuple[Floats, ...], gamma_bar: float
) -> tuple[float, Bools]:
    """Go one round, in place; return the largest change, and which features did not move."""
    still = np.empty(len(found), dtype=np.bool_)
    moved = 0.0
    for i in range(0, len(found), _CHUNK):  # a chunk stays in the processor's cache
        rows = slice(i, i + _CHUNK)
        gamma, weight, below, above, per_step = (t[rows] for t in terms)
        old, old_delta2 = found[rows], delta2[rows]
        new = (weight * gamma + old_delta2 * gamma_bar) / (weight + old_delta2)
        new_delta2 = (above + per_step * np.square(gamma - new)) / below
        change, change_delta2 = np.abs(new - old), np.abs(new_delta2 - old_delta2)
        still[rows] = (change <= _AT_REST * np.abs(old)) & (change_delta2 <= _AT_REST * old_delta2)
        moved = max(moved, _largest(change / old), _largest(change_delta2 / old_delta2))
        found[rows], delta2[rows] = new, new_delta2
    return moved, still


def _largest(change: Floats) -> float:
    """Return the largest change; 0 / 0 is none."""
    return float(np.fmax.reduce(change, initial=0.0))
