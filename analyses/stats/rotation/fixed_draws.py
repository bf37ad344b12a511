"""Agreement of a contrast with fixed values, beside what drawn rotations give.

What is no ratio of quadratic forms has no exact null as in `fixed_values`: ranks, signs, moderated
t and lists of what is found. A number of rotations is drawn, the same for all contrasts, and each
gives a contrast that could have been found as well, with the correlation between features as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analyses.stats.numeric.parallel import for_blocks, rows_times
from analyses.stats.rotation.contrast_coordinates import ContrastCoordinates
from cohortmart.core.types import Bools, Floats, Ints

_ROWS = 16_384
_VALUES = 2**22  # numbers worked on at a time; bounds the memory
#: Features whose ranks, t and signs are compared: beyond, evenly spaced ones.
DRAWN = 10_000


@dataclass(frozen=True)
class FixedValues:
    """Values of another study, of the features of the coordinates.

    Parameters
    ----------
    estimate : ndarray of shape (n_features,)
    t : ndarray of shape (n_features,) or None
        Estimate by standard error; NaN where it is not known.
    found : ndarray of shape (n_features,), bool, or None
        The other study's list; None where it has none.
    """

    estimate: Floats
    t: Floats | None = None
    found: Bools | None = None


@dataclass(frozen=True)
class Posterior:
    """What the variances of the features are shrunk to.

    Parameters
    ----------
    s2_prior, df_prior : ndarray of shape (n_features,)
    """

    s2_prior: Floats
    df_prior: Floats

    def t(self, x: Floats, total: Floats, df: int) -> Floats:
        """Return the moderated t of a coordinate.

        Parameters
        ----------
        x : ndarray of shape (n_features, n)
            The coordinate.
        total : ndarray of shape (n_features,)
            Sum of squares of all coordinates.
        df : int
            Residual degrees of freedom.
        """
        infinite = np.isinf(self.df_prior)
        prior = np.where(infinite, 0.0, self.df_prior)
        of_prior = np.where(infinite, 1.0, prior / (prior + df))
        of_rest = np.where(infinite, 0.0, 1.0 / (prior + df))
        rest = np.maximum(total[:, None] - x**2, 0.0)
        variance = (of_prior * self.s2_prior)[:, None] + of_rest[:, None] * rest
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(variance > 0, x / np.sqrt(variance), 0.0))


@dataclass(frozen=True)
class Agreement:
    """Numbers of contrasts, observed or one row a rotation; NaN where there is none.

    Parameters
    ----------
    r_spearman, r_t, sign_agreement, n_both : ndarray of shape (..., n_contrasts)
        Rank correlation of the estimates; Pearson's of t; share of features with the same sign;
        features in both lists.
    """

    r_spearman: Floats
    r_t: Floats
    sign_agreement: Floats
    n_both: Floats


class FixedDraws:
    """Contrasts, as they are and rotated, beside fixed values.

    Parameters
    ----------
    found : ContrastCoordinates
        Of complete features.
    values : FixedValues
    posterior : Posterior
    n_found : sequence of int, length n_contrasts
        Features that each contrast's own list has: as many with the largest |t| are taken.
    """

    def __init__(
        self,
        found: ContrastCoordinates,
        values: FixedValues,
        posterior: Posterior,
        n_found: Sequence[int],
    ) -> None:
        self._found, self._values, self._posterior = found, values, posterior
        self._n_found = list(n_found)
        self._n, self._m = found.residual.shape
        self._squares = found.squares
        # the same features for all rotations and contrasts, and for what is observed
        self._some = np.arange(0, self._n, max(1, -(-self._n // DRAWN)))
        self._sign = np.sign(values.estimate[self._some])
        self._ranks = _centred_ranks(values.estimate[self._some])
        self._known = np.zeros(0, dtype=np.int64)
        self._t = np.zeros(0)
        if values.t is not None:
            self._known = self._some[np.isfinite(values.t[self._some])]
            t = values.t[self._known]
            self._t = t - t.mean() if len(t) else t

    def observed(self) -> Agreement:
        """Return the numbers of the contrasts as they are, arrays of shape (n_contrasts,)."""
        k = self._found.own.shape[1]
        out = np.full((4, k), np.nan)
        for j in range(k):
            own = self._found.own[:, [j]]
            out[:3, [j]] = self._some_numbers(own[self._some], j)
            out[3, [j]] = self._both(own, j)
        return Agreement(*out)

    def of_stored(self, estimate: Floats, t: Floats, found: Bools) -> Agreement:
        """Return the numbers of estimates and lists that stand somewhere else.

        Parameters
        ----------
        estimate, t : ndarray of shape (n_features, n_contrasts)
        found : ndarray of the same shape, bool
            Each contrast's own list.
        """
        n = [np.nan] * estimate.shape[1]
        if self._values.found is not None:
            both = (found & self._values.found[:, None]).sum(axis=0).astype(float)
            n = np.where(np.array(self._n_found) > 0, both, np.nan).tolist()
        return Agreement(
            r_spearman=_rank_correlations_with_ties(estimate[self._some], self._ranks),
            r_t=_correlations(t[self._known], self._t),
            sign_agreement=self._agreement(estimate[self._some]),
            n_both=np.array(n),
        )

    def rotated(self, n_rotations: int, n_of_lists: int, seed: int) -> Agreement:
        """Return the same of random rotations, arrays of shape (n, n_contrasts).

        Parameters
        ----------
        n_rotations, n_of_lists : int
            Rows of all but `n_both`, and of `n_both`, whose features cannot be fewer.
        seed : int
        """
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((max(n_rotations, n_of_lists), self._m + 1))
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        k = self._found.own.shape[1]
        out = np.full((3, n_rotations, k), np.nan)
        both = np.full((n_of_lists, k), np.nan)

        def some(start: int, stop: int) -> None:
            for j, turned in self._turned(x[start:stop], self._some):
                out[:, start:stop, j] = self._some_numbers(turned, j)

        def lists(start: int, stop: int) -> None:
            for j, turned in self._turned(x[start:stop], slice(None)):
                both[start:stop, j] = self._both(turned, j)

        for_blocks(n_rotations, _size(len(self._some)), some)
        if self._values.found is not None:
            for_blocks(n_of_lists, _size(self._n), lists)
        return Agreement(out[0], out[1], out[2], both)

    def _turned(self, x: Floats, rows: Ints | slice) -> Iterator[tuple[int, Floats]]:
        """Yield each contrast's coordinate of some features along directions x (n, d)."""
        turn = np.ascontiguousarray(x[:, : self._m].T)
        along = _along(self._found.residual[rows], turn)
        for j in range(self._found.own.shape[1]):
            yield j, along + self._found.own[rows, j][:, None] * x[:, self._m]

    def _agreement(self, x: Floats) -> Floats:
        """Share of the features with the sign of the values, whose zeros do not count."""
        signed = self._sign != 0
        if not signed.any():
            return np.full(x.shape[1], np.nan)
        same = (x > 0) == (self._sign > 0)[:, None]
        return np.asarray(same[signed].mean(axis=0))

    def _some_numbers(self, x: Floats, j: int) -> Floats:
        """Compute all but the lists from coordinates x (n_some, n); shape (3, n)."""
        scale, some = self._found.scale, self._some
        estimate = x if scale is None else x * scale[some, j][:, None]
        r_t = np.full(x.shape[1], np.nan)
        if len(self._t) > 2:
            known = np.isin(some, self._known)
            r_t = _correlations(self._moderated(x, j, some)[known], self._t)
        return np.stack([_rank_correlations(estimate, self._ranks), r_t, self._agreement(x)])

    def _both(self, x: Floats, j: int) -> Floats:
        """Count what is in both lists from coordinates x (n_features, n); shape (n,)."""
        if self._values.found is None or self._n_found[j] == 0:
            return np.full(x.shape[1], np.nan)
        t = self._moderated(x, j, slice(None))
        return _in_both(t, self._values.found, self._n_found[j])

    def _moderated(self, x: Floats, j: int, rows: Ints | slice) -> Floats:
        total = self._squares[rows] + self._found.own[rows, j] ** 2
        prior = Posterior(self._posterior.s2_prior[rows], self._posterior.df_prior[rows])
        return prior.t(x, total, self._m)


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


def _size(n: int) -> int:
    """Rotations of n features at a time."""
    return max(1, min(64, _VALUES // max(n, 1)))


def _along(residual: Floats, turn: Floats) -> Floats:
    """Multiply, some rows at a time: those of single precision are never all of double."""
    out = np.empty((len(residual), turn.shape[1]))
    for start in range(0, len(residual), _ROWS):
        rows = slice(start, start + _ROWS)
        out[rows] = rows_times(residual[rows].astype(float, copy=False), turn)
    return out


def _centred_ranks(values: Floats) -> Floats:
    """Ranks of values less their mean; equal values share theirs."""
    distinct, at, times = np.unique(values, return_inverse=True, return_counts=True)
    last: Ints = np.cumsum(times)
    shared = last - (times - 1) / 2.0
    ranks = shared[at] if len(distinct) else np.zeros(0)
    return np.asarray(ranks - ranks.mean() if len(ranks) else ranks)


def _rank_correlations(x: Floats, ranks: Floats) -> Floats:
    """Correlate the ranks of each column of x, none equal, with given ones."""
    n = len(x)
    size = np.sqrt((ranks**2).sum() * (n**3 - n) / 12.0)
    if n < 2 or size == 0.0:
        return np.full(x.shape[1], np.nan)
    order = np.argsort(np.ascontiguousarray(x.T), axis=1)
    place = np.arange(n) - (n - 1) / 2.0
    return np.asarray((ranks[order] * place).sum(axis=1) / size)


def _rank_correlations_with_ties(x: Floats, ranks: Floats) -> Floats:
    of_x = np.column_stack([_centred_ranks(column) for column in x.T])
    return _correlations(of_x, ranks)


def _correlations(x: Floats, centred: Floats) -> Floats:
    if len(x) < 2:
        return np.full(x.shape[1], np.nan)
    left = x - x.mean(axis=0)
    size = np.sqrt((left**2).sum(axis=0) * (centred**2).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((left * centred[:, None]).sum(axis=0) / size)


def _in_both(t: Floats, found: Bools, n: int) -> Floats:
    """Count the features of a list among the `n` with the largest |t| of each column."""
    size = np.abs(t).T.copy()
    at = size.shape[1] - min(n, size.shape[1])
    least = np.partition(size, at, axis=1)[:, [at]]
    return np.asarray((size[:, found] >= least).sum(axis=1).astype(float))
