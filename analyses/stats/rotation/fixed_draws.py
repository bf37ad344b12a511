"""Agreement of a contrast with fixed values, beside what drawn rotations give.

What is no ratio of quadratic forms has no exact null as in `fixed_values`: ranks, signs, moderated
t and lists of what is found. A number of rotations is drawn, the same for all contrasts, and each
gives a contrast that could have been found as well, with the correlation between features as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyses.stats.numeric.parallel import for_blocks, rows_times
from analyses.stats.rotation.contrast_coordinates import ContrastCoordinates
from analyses.stats.rotation.drawn_numbers import (
    centred_ranks,
    correlations,
    nth_largest,
    rank_correlations,
    rank_correlations_with_ties,
)
from cohortmart.core.types import Bools, Floats, Ints

_ROWS = 16_384  # features multiplied at a time
_AT_ONCE = 16  # rotations of some features at a time: what stays near to the processor
_BYTES = 2**27  # of the coordinates of all features along some rotations; bounds the memory
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

    def line(self, total: Floats, df: int) -> tuple[Floats, Floats]:
        """Return c and b: a coordinate x leaves the moderated variance c - b x^2.

        Parameters
        ----------
        total : ndarray of shape (n_features,)
            Sum of squares of all coordinates.
        df : int
            Residual degrees of freedom.

        Returns
        -------
        ndarray of shape (n_features,), twice
            c is infinite where no variance is known, which makes t 0.
        """
        infinite = np.isinf(self.df_prior)
        prior = np.where(infinite, 0.0, self.df_prior)
        of_prior = np.where(infinite, 1.0, prior / (prior + df))
        b = np.where(infinite, 0.0, 1.0 / (prior + df))
        c = of_prior * self.s2_prior + b * total
        known = c > 0
        return np.where(known, c, np.inf), np.where(known, b, 0.0)

    def rows(self, at: Ints | slice) -> Posterior:
        """Return that of some features."""
        return Posterior(self.s2_prior[at], self.df_prior[at])


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
        n, self._m = found.residual.shape
        self._squares = found.squares
        # the same features for all rotations and contrasts, and for what is observed
        self._some = np.arange(0, n, max(1, -(-n // DRAWN)))
        estimate = values.estimate[self._some]
        self._signed, self._up = np.flatnonzero(estimate), estimate[estimate != 0] > 0
        self._ranks = centred_ranks(estimate)
        t = np.full(len(self._some), np.nan) if values.t is None else values.t[self._some]
        self._known = np.flatnonzero(np.isfinite(t))
        t = t[self._known]
        self._t = t - t.mean() if len(t) else t
        self._listed = np.flatnonzero(values.found) if values.found is not None else None

    def observed(self) -> Agreement:
        """Return the numbers of the contrasts as they are, arrays of shape (n_contrasts,)."""
        k = self._found.own.shape[1]
        out = np.full((4, k), np.nan)
        for j in range(k):
            own = self._found.own[:, j]
            out[:3, [j]] = self._some_numbers(own[None, self._some], j)
            out[3, j] = self._both(own, j, self._line(j, slice(None)))
        return Agreement(*out)

    def of_stored(self, estimate: Floats, t: Floats, found: Bools) -> Agreement:
        """Return the numbers of estimates and lists that stand somewhere else.

        Parameters
        ----------
        estimate, t : ndarray of shape (n_features, n_contrasts)
        found : ndarray of the same shape, bool
            Each contrast's own list.
        """
        n = np.full(estimate.shape[1], np.nan)
        if self._listed is not None:
            both = found[self._listed].sum(axis=0).astype(float)
            n = np.where(np.array(self._n_found) > 0, both, np.nan)
        some = np.ascontiguousarray(estimate[self._some].T)
        return Agreement(
            r_spearman=rank_correlations_with_ties(some, self._ranks),
            r_t=correlations(t[self._some[self._known]].T, self._t),
            sign_agreement=self._agreement(some),
            n_both=n,
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
        residual, own = self._found.residual[self._some], self._found.own[self._some].T

        def some(start: int, stop: int) -> None:
            along = _along(residual, x[start:stop, :-1])
            for j in range(k):
                turned = along + x[start:stop, -1:] * own[j]
                out[:, start:stop, j] = self._some_numbers(turned, j)

        for_blocks(n_rotations, _AT_ONCE, some)
        return Agreement(out[0], out[1], out[2], self._lists(x[:n_of_lists]))

    def _lists(self, x: Floats) -> Floats:
        """Count what is in both lists along directions x (n, d); shape (n, n_contrasts)."""
        n, k = self._found.own.shape
        both = np.full((len(x), k), np.nan)
        if self._listed is None:
            return both
        kind = self._found.residual.dtype
        size = max(1, min(64, _BYTES // max(n * kind.itemsize, 1)))
        for start in range(0, len(x), size):
            turn = x[start : start + size]
            along = _along(self._found.residual, turn[:, :-1])

            def of_contrasts(first: int, last: int, start: int = start, turn: Floats = turn,
                             along: Floats = along) -> None:  # fmt: skip
                for j in range(first, last):
                    if self._n_found[j] == 0:
                        continue
                    own = np.ascontiguousarray(self._found.own[:, j], dtype=kind)
                    line = self._line(j, slice(None))
                    for i in range(len(turn)):
                        turned = own * turn[i, -1].astype(kind)
                        turned += along[i]
                        both[start + i, j] = self._both(turned, j, line)

            for_blocks(k, 1, of_contrasts)
        return both

    def _line(self, j: int, rows: Ints | slice) -> tuple[Floats, Floats]:
        """Return `Posterior.line` of a contrast, as exact as the coordinates are."""
        total = self._squares[rows] + self._found.own[rows, j].astype(float) ** 2
        c, b = self._posterior.rows(rows).line(total, self._m)
        kind = self._found.residual.dtype
        return c.astype(kind, copy=False), b.astype(kind, copy=False)

    def _agreement(self, x: Floats) -> Floats:
        """Share of the features with the sign of the values, whose zeros do not count."""
        if not len(self._signed):
            return np.full(len(x), np.nan)
        up = x > 0 if len(self._signed) == x.shape[1] else x[:, self._signed] > 0
        return np.asarray(np.count_nonzero(up == self._up, axis=1) / len(self._signed))

    def _some_numbers(self, x: Floats, j: int) -> Floats:
        """Compute all but the lists from coordinates x (n, n_some); shape (3, n)."""
        scale, known = self._found.scale, self._known
        estimate = x if scale is None else x * scale[self._some, j]
        r_t = np.full(len(x), np.nan)
        if len(known) > 2:
            of_known = x if len(known) == x.shape[1] else x[:, known]
            variance = _variance(of_known**2, self._line(j, self._some[known]))
            r_t = correlations(of_known / np.sqrt(variance, out=variance), self._t)
        return np.stack([rank_correlations(estimate, self._ranks), r_t, self._agreement(x)])

    def _both(self, x: Floats, j: int, line: tuple[Floats, Floats]) -> float:
        """Count what is in both lists from coordinates x (n_features,)."""
        if self._listed is None or self._n_found[j] == 0:
            return float("nan")
        t2 = x * x
        t2 /= _variance(t2, line)
        least = nth_largest(t2, self._n_found[j])
        return float(np.count_nonzero(t2[self._listed] >= least))


def _variance(squares: Floats, line: tuple[Floats, Floats]) -> Floats:
    """Moderated variances of squared coordinates (..., n_features); infinite where none is left."""
    c, b = line
    variance = squares * -b
    variance += c
    if not variance.min(initial=np.inf) > 0:
        variance[variance <= 0] = np.inf
    return variance


def _along(residual: Floats, turn: Floats) -> Floats:
    """Return turn (n, m) @ residual.T in the precision of the residuals, (n, n_features).

    Some features at a time: those of single precision are never all of double.
    """
    out = np.empty((len(turn), len(residual)), dtype=residual.dtype)
    table = np.ascontiguousarray(turn.T)

    def multiply(start: int, stop: int) -> None:
        rows = residual[start:stop].astype(float, copy=False)
        out[:, start:stop] = rows_times(rows, table).T

    for_blocks(len(residual), _ROWS, multiply)
    return out
