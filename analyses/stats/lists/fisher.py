"""Fisher's exact test of whether two lists of features share more than chance gives.

A table counts the features of a universe by whether they are in the first and in the second
list. Given the sizes of the lists, the number they share is hypergeometric by chance (Fisher
1935), and Fisher's noncentral hypergeometric if the odds ratio is not 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analyses.stats.lists.contingency import ContingencyTables, contingency_tables, in_chunks
from analyses.stats.lists.hypergeometric import BLOCK, upper_tail
from cohortmart.core.types import Floats, Ints

#: Steps of Newton's method; four or five are usual.
_ROUNDS = 200
#: The error that a step leaves is about its square.
_LAST_STEP = 1e-9


def fisher_greater(
    n_both: ArrayLike, n_first: ArrayLike, n_second: ArrayLike, n_universe: ArrayLike
) -> Floats:
    """Return the one-sided P value: the chance of at least so many shared features.

    Parameters
    ----------
    n_both, n_first, n_second, n_universe : array_like of int
        Features in both lists, in each list, and in all; broadcast against each other.

    Returns
    -------
    ndarray
        Sum of the hypergeometric probabilities from `n_both` up, also where it is tiny. 1 where
        no smaller overlap is possible, 0 where the probability is below the smallest double.

    Raises
    ------
    ValueError
        Counts that no two lists can have, or a universe of 2^31 or more.

    Notes
    -----
    The first probability is written as a deviance (Loader 2000, "Fast and accurate computation
    of binomial probabilities"), which keeps its digits where log factorials lose them to
    cancellation; the others follow by their ratios.
    """
    shape, t = contingency_tables(n_both, n_first, n_second, n_universe)
    return in_chunks(t, np.full(t.n, BLOCK), upper_tail).reshape(shape)


def conditional_odds_ratio(
    n_both: ArrayLike, n_first: ArrayLike, n_second: ArrayLike, n_universe: ArrayLike
) -> Floats:
    """Return the odds ratio of largest likelihood given the sizes of the lists.

    It is the one for which Fisher's noncentral hypergeometric distribution has the mean
    `n_both`; the mean rises with the odds ratio, so there is one.

    Parameters
    ----------
    n_both, n_first, n_second, n_universe : array_like of int
        As in `fisher_greater`.

    Returns
    -------
    ndarray
        0 at the smallest possible overlap, infinite at the largest, NaN where only one is
        possible.

    Raises
    ------
    ValueError
        As in `fisher_greater`.
    """
    shape, t = contingency_tables(n_both, n_first, n_second, n_universe)
    lowest, highest = t.both == t.lowest, t.both == t.highest
    out = np.where(highest, np.inf, 0.0)
    out[lowest & highest] = np.nan
    inside = np.flatnonzero(~lowest & ~highest)
    inner = t.rows(inside)
    out[inside] = np.exp(in_chunks(inner, 2 * inner.reach() + 1, _log_odds_ratio))
    return out.reshape(shape)


def _log_odds_ratio(t: ContingencyTables) -> Floats:
    """Solve mean = overlap for tables inside their support, by Newton's method.

    The steps stay in the interval that the signs seen so far leave.
    """
    a, b, c, d = (x.astype(np.float64) for x in (t.both, t.first_only, t.second_only, t.neither))
    # here the overlaps one less and one more are equally probable: the mean is not far
    start = 0.5 * (np.log(a * d) - np.log((b + 1) * (c + 1)))
    start -= 0.5 * (np.log(b * c) - np.log((a + 1) * (d + 1)))
    offset, log_weight = _log_weights(t, start)
    root, rows = np.zeros(t.n), np.arange(t.n)
    low, high = np.full(t.n, -np.inf), np.full(t.n, np.inf)
    for _ in range(_ROUNDS):
        weight = log_weight[rows] + root[rows, None] * offset
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        mean = weight @ offset
        variance = np.maximum(weight @ offset**2 - mean**2, np.finfo(float).tiny)
        low[rows] = np.where(mean < 0, root[rows], low[rows])
        high[rows] = np.where(mean > 0, root[rows], high[rows])
        step = np.clip(-mean / variance, -1.0, 1.0)
        new = root[rows] + step
        outside = (new <= low[rows]) | (new >= high[rows])
        open_ = np.abs(step) > _LAST_STEP
        outside &= open_ & np.isfinite(high[rows] - low[rows])
        new[outside] = 0.5 * (low[rows][outside] + high[rows][outside])
        root[rows] = new
        rows = rows[open_]
        if not rows.size:
            return start + root
    raise ArithmeticError("no odds ratio was found")  # pragma: no cover


def _log_weights(t: ContingencyTables, log_odds: Floats) -> tuple[Floats, Floats]:
    """Log probabilities, up to a constant, of the overlaps around the one at hand.

    Parameters
    ----------
    log_odds : ndarray of shape (n_tables,)

    Returns
    -------
    offset : ndarray of shape (2 * reach + 1,)
        Difference to the overlap at hand.
    log_weight : ndarray of shape (n_tables, 2 * reach + 1)
        -inf where no such overlap is possible.
    """
    reach = int(t.reach().max())
    steps = np.arange(reach, dtype=np.float64)
    up = _log_ratios((t.first_only, t.second_only), (t.both, t.neither), steps)
    down = _log_ratios((t.both, t.neither), (t.first_only, t.second_only), steps)
    sums = [
        np.cumsum(down - log_odds[:, None], axis=1)[:, ::-1],
        np.zeros((t.n, 1)),
        np.cumsum(up + log_odds[:, None], axis=1),
    ]
    return np.arange(-reach, reach + 1, dtype=np.float64), np.hstack(sums)


def _log_ratios(falling: tuple[Ints, Ints], rising: tuple[Ints, Ints], steps: Floats) -> Floats:
    a, b, c, d = (cell[:, None] for cell in (*falling, *rising))
    with np.errstate(divide="ignore"):
        left = np.log(np.maximum(a - steps, 0) * np.maximum(b - steps, 0))
    return np.asarray(left - np.log((c + steps + 1) * (d + steps + 1)))
