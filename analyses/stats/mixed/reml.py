"""Restricted maximum likelihood (REML) of one variance component, for many features at once.

After the fixed effects are projected out, y = X b + Z u + e is left as independent squares
with mean s2 + d_k t2 (d_k: the squared singular values of the projected Z), the rest having mean
s2 (Smyth, Michaud & Scott 2005). Only the ratio l = t2 / s2 has to be searched for; s2 follows.
The solution is the maximum itself, found to rounding, not the last of a fixed number of rounds.
"""

from __future__ import annotations

import numpy as np

from analyses.stats.numeric.parallel import rows_times
from cohortmart.core.types import Floats, Ints

_GRID = 40
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
    It can have several maxima. Where its derivative turns from + to - on a grid in
    log(1 + l max(d)), safeguarded Newton steps find each of them; the highest wins. Temporary
    arrays hold some ten times u2: hand over a few thousand features at a time.
    """
    n, k = u2.shape
    if k == 0:
        return np.full(n, np.nan)
    d_max = d.max(axis=1)
    usable = (d_max > 0) & (rss0 + u2.sum(axis=1) > 0)
    ratio = _grid(np.where(d_max > 0, d_max, 1.0), low, high)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        shared = len(d) == len(n_free) == 1
        score = (_shared_score if shared else _own_score)(d, u2, rss0, n_free, ratio)
        up = score > 0
        row, cell = np.nonzero(up[:, :-1] & ~up[:, 1:])
        of_d = row if len(d) > 1 else np.zeros_like(row)
        start = _start(score, ratio, row, cell)
        found = _Likelihood(d, u2, rss0, n_free, row)
        root = _roots(found, ratio[of_d, cell], ratio[of_d, cell + 1], start)
        # a maximum may also lie at an end of the range
        at_low, at_high = np.flatnonzero(~up[:, 0]), np.flatnonzero(up[:, -1])
        row = np.concatenate([row, at_low, at_high])
        rho = np.concatenate(
            [root / (1.0 + root), np.full(at_low.size, low), np.full(at_high.size, high)]
        )
        best = _highest(d, u2, rss0, n_free, row, rho)
    return np.where(usable, np.clip(best, low, high), np.nan)


class _Likelihood:
    """Derivatives of the restricted log-likelihood (times 2) of chosen features.

    Sums over k run along the first axis: with the features last every step is one long loop.
    """

    def __init__(self, d: Floats, u2: Floats, rss0: Floats, n_free: Floats, row: Ints) -> None:
        self.d = d.T if len(d) == 1 else d.T[:, row]
        self.u2 = u2.T[:, row]
        self.rss0 = rss0[row]
        self.n_free = n_free if len(n_free) == 1 else n_free[row]

    def keep(self, chosen: Ints) -> None:
        """Go on with some of the features."""
        self.d = self.d if self.d.shape[1] == 1 else self.d[:, chosen]
        self.n_free = self.n_free if len(self.n_free) == 1 else self.n_free[chosen]
        self.u2, self.rss0 = self.u2[:, chosen], self.rss0[chosen]

    def height(self, ratio: Floats) -> Floats:
        """Log-likelihood (times 2) at one ratio a feature."""
        shrink = 1.0 + ratio * self.d
        s2 = (self.rss0 + (self.u2 / shrink).sum(axis=0)) / self.n_free
        return np.asarray(-(self.n_free * np.log(s2) + np.log(shrink).sum(axis=0)))

    def slopes(self, ratio: Floats) -> tuple[Floats, Floats]:
        """First and second derivative at one ratio a feature."""
        shrunk = ratio * self.d
        shrunk += 1.0
        np.divide(1.0, shrunk, out=shrunk)
        part = self.u2 * shrunk
        s2 = (self.rss0 + part.sum(axis=0)) / self.n_free
        shrunk *= self.d
        part *= shrunk
        first, trace = part.sum(axis=0), shrunk.sum(axis=0)
        part *= shrunk
        shrunk *= shrunk
        second = part.sum(axis=0)
        slope = first * first / (self.n_free * s2 * s2) - 2.0 * second / s2 + shrunk.sum(axis=0)
        return first / s2 - trace, slope


def _grid(scale: Floats, low: float, high: float) -> Floats:
    """Ratios from end to end of the range; shape (len(scale), n_grid)."""
    first, last = (np.log1p(scale * rho / (1.0 - rho))[:, None] for rho in (low, high))
    t = first + (last - first) * np.linspace(0.0, 1.0, _GRID)
    return np.asarray(np.expm1(t) / scale[:, None])


def _shared_score(d: Floats, u2: Floats, rss0: Floats, n_free: Floats, ratio: Floats) -> Floats:
    """Score times residual sum of squares at every ratio: linear in the squares.

    Returns shape (n_features, n_grid).
    """
    shrunk = 1.0 / (1.0 + d.T * ratio)
    trace = (d.T * shrunk).sum(axis=0)
    table = n_free * d.T * shrunk**2 - trace * shrunk
    squares = np.column_stack([u2, rss0])
    return rows_times(squares, np.vstack([table, -trace]))


def _own_score(d: Floats, u2: Floats, rss0: Floats, n_free: Floats, ratio: Floats) -> Floats:
    """Return the same where each feature has its own d."""
    d, u2 = np.ascontiguousarray(d.T), np.ascontiguousarray(u2.T)
    out = np.empty((ratio.shape[1], len(rss0)))
    for j, at in enumerate(ratio.T):
        shrunk = at * d
        shrunk += 1.0
        np.divide(1.0, shrunk, out=shrunk)
        part = u2 * shrunk
        rss = rss0 + part.sum(axis=0)
        shrunk *= d
        part *= shrunk
        out[j] = n_free * part.sum(axis=0) - rss * shrunk.sum(axis=0)
    return out.T


def _start(score: Floats, ratio: Floats, row: Ints, cell: Ints) -> Floats:
    """Straight line between the ends of a cell."""
    of_d = row if len(ratio) > 1 else np.zeros_like(row)
    left, right = ratio[of_d, cell], ratio[of_d, cell + 1]
    above, below = score[row, cell], score[row, cell + 1]
    return np.asarray(left + (right - left) * above / (above - below))


def _roots(at: _Likelihood, left: Floats, right: Floats, x: Floats) -> Floats:
    """Find where the score changes from + to - between `left` and `right`."""
    answer, open_ = x.copy(), np.arange(len(x))
    moving = np.ones(len(x), bool)
    for _ in range(_ROUNDS):
        score, slope = at.slopes(x)
        up = score > 0
        left, right = np.where(up, x, left), np.where(up, right, x)
        new = x - score / slope
        inside = (slope < 0) & (new >= left) & (new <= right)  # an end: the root itself
        new = np.where(inside, new, (left + right) / 2)
        new = np.where(moving & np.isfinite(new), new, x)
        moving = np.abs(new - x) > 1e-13 * (1.0 + np.abs(x))
        answer[open_] = x = new
        n_moving = np.count_nonzero(moving)
        if n_moving == 0:
            break
        if n_moving < 0.7 * len(x):  # the others have arrived
            go_on = np.flatnonzero(moving)
            at.keep(go_on)
            open_, left, right, x = open_[go_on], left[go_on], right[go_on], x[go_on]
            moving = moving[go_on]
    return answer


def _highest(d: Floats, u2: Floats, rss0: Floats, n_free: Floats, row: Ints, rho: Floats) -> Floats:
    """Of the maxima `rho` of the features `row` the highest of each feature."""
    best = np.full(len(u2), np.nan)
    best[row] = rho
    several = np.flatnonzero(np.bincount(row, minlength=len(u2))[row] > 1)
    if several.size:
        row, rho = row[several], rho[several]
        height = _Likelihood(d, u2, rss0, n_free, row).height(rho / (1.0 - rho))
        order = np.lexsort((height, row))
        row, rho = row[order], rho[order]
        last = np.append(row[1:] != row[:-1], True)
        best[row[last]] = rho[last]
    return best
