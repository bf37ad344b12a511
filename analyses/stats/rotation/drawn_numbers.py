"""Numbers of many drawn contrasts at once: ranks, correlations, lists; a row a contrast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohortmart.core.types import Floats, Ints

#: The n-th largest of more values is looked for among those that every 64th says are large.
_MANY, _EVERY = 50_000, 64


@dataclass(frozen=True)
class Beside:
    """An observed number beside what rotations give.

    Parameters
    ----------
    low, high : float
        95 % of the rotations lie between these.
    mean : float
    p_value : float
    """

    low: float
    high: float
    mean: float
    p_value: float


def beside(observed: float, rotated: Floats, *, two_sided: bool = True) -> Beside:
    """Compare an observed number with that of rotations.

    Parameters
    ----------
    observed : float
    rotated : ndarray of shape (n_rotations,)
    two_sided : bool
        Else only larger numbers count.

    Notes
    -----
    The observed one counts among the rotations, so that P is never 0 and holds for any number of
    them (Phipson & Smyth 2010, doi 10.2202/1544-6115.1585).
    """
    if np.isnan(observed) or len(rotated) == 0 or np.isnan(rotated).any():
        return Beside(np.nan, np.nan, np.nan, np.nan)
    low, high = np.quantile(rotated, [0.025, 0.975])
    above = 1 + int((rotated >= observed).sum())
    below = 1 + int((rotated <= observed).sum())
    tail = 2 * min(above, below) if two_sided else above
    p = min(1.0, tail / (len(rotated) + 1))
    return Beside(float(low), float(high), float(rotated.mean()), p)


def centred_ranks(values: Floats) -> Floats:
    """Ranks of values (n,) less their mean; equal values share theirs."""
    distinct, at, times = np.unique(values, return_inverse=True, return_counts=True)
    last: Ints = np.cumsum(times)
    shared = last - (times - 1) / 2.0
    ranks = shared[at] if len(distinct) else np.zeros(0)
    return np.asarray(ranks - ranks.mean() if len(ranks) else ranks)


def rank_correlations(x: Floats, ranks: Floats) -> Floats:
    """Correlate the ranks of each row of x (n_rows, n), none equal, with centred ones (n,)."""
    n = x.shape[1]
    size = np.sqrt((ranks**2).sum() * (n**3 - n) / 12.0)
    if n < 2 or size == 0.0:
        return np.full(len(x), np.nan)
    order = np.argsort(x, axis=1)
    place = np.arange(n) - (n - 1) / 2.0
    return np.asarray(np.einsum("ij,j->i", ranks[order], place) / size)


def rank_correlations_with_ties(x: Floats, ranks: Floats) -> Floats:
    """Do the same where values of a row may be equal."""
    return correlations(np.stack([centred_ranks(row) for row in x]), ranks)


def correlations(x: Floats, centred: Floats) -> Floats:
    """Pearson's r of each row of x (n_rows, n) with values (n,) whose mean is 0."""
    n = x.shape[1]
    if n < 2:
        return np.full(len(x), np.nan)
    left = x - x.mean(axis=1, keepdims=True)
    size = np.sqrt(np.einsum("ij,ij->i", left, left) * (centred**2).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.einsum("ij,j->i", left, centred) / size)


def nth_largest(values: Floats, n: int) -> float:
    """Return the n-th largest of values (n_values,), n from 1; the smallest of fewer.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        Without NaN.
    n : int
    """
    kept = values
    if len(values) > _MANY:
        some = values[::_EVERY]
        expected = n * len(some) / len(values)
        more = int(expected + 4.0 * np.sqrt(expected)) + 8
        if more < len(some):
            large = values[values >= np.partition(some, len(some) - more)[len(some) - more]]
            kept = large if len(large) >= n else values
    at = max(len(kept) - n, 0)
    return float(np.partition(kept, at)[at])
