"""REML of one variance component, for many features at once.

After the fixed effects are projected out, y = X b + Z u + e falls apart into independent squares
with mean s2 + d_k t2 (d_k: the squared singular values of the projected Z), the rest having mean
s2 (Smyth, Michaud & Scott 2005). Only the ratio l = t2 / s2 has to be searched for; s2 follows.
The solution is the maximum itself, found to rounding, not the last of a fixed number of rounds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_GRID = 30
_ROUNDS = 60


def block_rho(
    d: Floats, u2: Floats, rss0: Floats, n_free: Floats, low: float, high: float
) -> Floats:
    """Return the REML estimate of t2 / (t2 + s2) of each feature, between `low` and `high`.

    Parameters
    ----------
    d : ndarray of shape (n_features, k) or (1, k)
        Eigenvalues of Z'(I - P)Z; 0 marks a direction that carries no information on the block.
    u2 : ndarray of shape (n_features, k)
        Squared projections of y on those directions; 0 where d is 0.
    rss0 : ndarray of shape (n_features,)
        Residual sum of squares outside those directions.
    n_free : ndarray of shape (n_features,) or (1,)
        Residual degrees of freedom, blocks not fitted.
    low, high : float
        Range of the correlation; `low` above -1 / (max(d) - 1), where the likelihood ends.

    Returns
    -------
    ndarray of shape (n_features,)
        The correlation with the largest likelihood in the range, an end of it included.
        NaN where all residuals are zero or no direction carries information.

    Notes
    -----
    The restricted log-likelihood, s2 profiled out, is
    -1/2 [ n_free log s2(l) + sum_k log(1 + l d_k) ],
    s2(l) = [ rss0 + sum_k u2_k / (1 + l d_k) ] / n_free.
    The likelihood can have two maxima, one of them beyond the correlations that are possible; the
    best of a grid in log(1 + l max(d)) brackets the global one within the range, and safeguarded
    Newton steps on the score end it.
    """
    d_max = d.max(axis=1)
    usable = (d_max > 0) & (rss0 + u2.sum(axis=1) > 0)
    scale = np.broadcast_to(np.where(d_max > 0, d_max, 1.0), rss0.shape)
    first, last = (np.log1p(scale * rho / (1.0 - rho)) for rho in (low, high))

    def ratio(t: Floats) -> Floats:
        return np.asarray(np.expm1(t) / scale)

    with np.errstate(divide="ignore", invalid="ignore"):
        best = _best_of_grid(d, u2, rss0, n_free, first, last, scale)
        step = (last - first) / (_GRID - 1)
        left, right = np.maximum(best - step, first), np.minimum(best + step, last)
        answer = _root_of_score(d, u2, rss0, n_free, ratio(left), ratio(right), ratio(best))
    rho = np.clip(answer / (1.0 + answer), low, high)
    return np.where(usable, rho, np.nan)


def _best_of_grid(
    d: Floats, u2: Floats, rss0: Floats, n_free: Floats, low: Floats, high: Floats, scale: Floats
) -> Floats:
    best, best_value = low.copy(), np.full(rss0.shape, -np.inf)
    for j in range(_GRID):
        t = low + (high - low) * (j / (_GRID - 1))
        shrink = 1.0 + (np.expm1(t) / scale)[:, None] * d
        s2 = (rss0 + (u2 / shrink).sum(axis=1)) / n_free
        value = -(n_free * np.log(s2) + np.log(shrink).sum(axis=1))
        better = value > best_value
        best, best_value = np.where(better, t, best), np.where(better, value, best_value)
    return best


def _root_of_score(
    d: Floats, u2: Floats, rss0: Floats, n_free: Floats, left: Floats, right: Floats, x: Floats
) -> Floats:
    """Find where the score changes from + to - between `left` and `right`."""
    active = np.ones(x.shape, bool)
    for _ in range(_ROUNDS):
        rows = np.flatnonzero(active)
        if rows.size == 0:
            break
        dr = d if d.shape[0] == 1 else d[rows]
        n = n_free if n_free.shape[0] == 1 else n_free[rows]
        at = x[rows]
        score, slope = _score(dr, u2[rows], rss0[rows], n, at)
        up = score > 0
        left[rows] = np.where(up, at, left[rows])
        right[rows] = np.where(up, right[rows], at)
        lo, hi = left[rows], right[rows]
        new = at - score / slope
        inside = (slope < 0) & (new > lo) & (new < hi)
        # at the end of the search range the score may not change sign: bisection goes there
        new = np.where(inside, new, (lo + hi) / 2)
        moved = np.abs(new - at) > 1e-13 * (1.0 + np.abs(at))
        x[rows] = np.where(np.isfinite(new), new, at)
        active[rows] = moved & np.isfinite(new)
    return x


def _score(
    d: Floats, u2: Floats, rss0: Floats, n_free: Floats, ratio: Floats
) -> tuple[Floats, Floats]:
    """First and second derivative of the restricted log-likelihood (times 2)."""
    inverse = 1.0 / (1.0 + ratio[:, None] * d)
    di = d * inverse
    uii = u2 * inverse
    s2 = (rss0 + uii.sum(axis=1)) / n_free
    first = (uii * di).sum(axis=1)
    score = first / s2 - di.sum(axis=1)
    slope = (
        -2.0 * (uii * di * di).sum(axis=1) / s2
        + first * first / (n_free * s2 * s2)
        + (di * di).sum(axis=1)
    )
    return score, slope
