"""Counts of permuted t statistics, kept while features and permutations pass."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

import numpy as np

from analyses.stats.numeric.tails import t_quantile
from analyses.stats.numeric.unique_apply import unique_apply
from cohortmart.core.types import Floats, Ints

#: P below which a feature counts as found.
FOUND = 0.05
#: Cells of |t| for the comparison with all features: their number in 1, and where they end.
CELLS_IN_ONE, LARGEST = 2048, 32
#: Statistics that differ by less than this of themselves are equal: the same one, rounded.
_SAME = 1e-8


@dataclass(frozen=True)
class MomentsOfT:
    """What turns squared estimates x2 of features into t statistics.

    t^2 = multiple x2 / (total - taken x2); arrays of shape (n_features,).

    Parameters
    ----------
    multiple, total, taken
        df_prior + df, df_prior s2_prior + |e|^2 and 1; with an infinite df_prior 1, s2_prior and 0.
    found : ndarray of shape (n_features,)
        The x2 above which P is below `FOUND`.
    """

    multiple: Floats
    total: Floats
    taken: Floats
    found: Floats

    def t2(self, x2: Floats, rows: slice) -> Floats:
        """Return t^2 of squared estimates (n_rows,) or (n_rows, n_orders)."""
        multiple, total, taken = (
            a[rows].reshape(-1, *[1] * (x2.ndim - 1))
            for a in (self.multiple, self.total, self.taken)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            rest = np.maximum(total - taken * x2, 0.0)
            # without any variance there is no t, but for what is not 0
            return np.asarray(np.where(x2 > 0, multiple * x2 / rest, 0.0))


def moments_of_t(
    total2: Floats, df: float, s2_prior: Floats, df_prior: Floats, df_total: Floats
) -> MomentsOfT:
    """Prepare the moderated t of features; see `MomentsOfT`.

    Parameters
    ----------
    total2 : ndarray of shape (n_features,)
        |e|^2.
    df : float
        Residual degrees of freedom of the whole model.
    s2_prior, df_prior, df_total : ndarray of shape (n_features,)
    """
    normal = np.isinf(df_prior)
    weight = np.where(normal, 0.0, df_prior)
    total = np.where(normal, s2_prior, total2 + np.where(weight > 0, weight * s2_prior, 0.0))
    multiple, taken = np.where(normal, 1.0, weight + df), np.where(normal, 0.0, 1.0)
    limit2 = unique_apply(lambda d: t_quantile(FOUND / 2, d), df_total) ** 2
    return MomentsOfT(multiple, total, taken, limit2 * total / (multiple + taken * limit2))


class Tally:
    """Counts over features, one set a permutation.

    Parameters
    ----------
    n : int
        Permutations.

    Attributes
    ----------
    found : ndarray of shape (n,), int
        Features that each permutation finds.
    largest : ndarray of shape (n,)
        The largest t^2 of each.
    cells : ndarray of shape (CELLS_IN_ONE * LARGEST + 1,), int
        Permuted |t| of all features, in cells of 1 / CELLS_IN_ONE; the last holds all beyond.
    """

    def __init__(self, n: int) -> None:
        self.found = np.zeros(n, np.int64)
        self.largest = np.zeros(n)
        self.cells = np.zeros(CELLS_IN_ONE * LARGEST + 1, np.int64)
        self._lock = Lock()

    def count(
        self, x2: Floats, moments: MomentsOfT, rows: slice, orders: slice, observed: Floats
    ) -> Ints:
        """Count the squared estimates x2 (n_rows, n_orders) of some features and permutations.

        Returns
        -------
        ndarray of shape (n_rows,), int
            Permutations that reach the t^2 that the feature was observed to have, `observed`.
        """
        found = np.count_nonzero(x2 > moments.found[rows, None], axis=0)
        t2 = moments.t2(x2, rows)
        reached = np.count_nonzero(t2 >= (observed * (1.0 - _SAME))[:, None], axis=1)
        largest = t2.max(axis=0)
        cells = np.bincount(cell_of(t2).ravel(), minlength=len(self.cells))
        with self._lock:  # whole numbers and maxima: the order plays no part
            self.found[orders] += found
            np.maximum(self.largest[orders], largest, out=self.largest[orders])
            self.cells += cells
        return np.asarray(reached, dtype=np.int64)

    def pooled_reached(self, t2: Floats) -> Ints:
        """How many permuted |t| of all features lie in the cell of each of t2, or beyond."""
        above = np.cumsum(self.cells[::-1])[::-1]
        return np.asarray(above[cell_of(t2 * (1.0 - _SAME))])

    def largest_reached(self, t2: Floats) -> Ints:
        """In how many permutations the largest t^2 reaches each of t2."""
        ordered = np.sort(self.largest)
        below = np.searchsorted(ordered, t2 * (1.0 - _SAME), side="left")
        return np.asarray(len(ordered) - below, dtype=np.int64)


def cell_of(t2: Floats) -> Ints:
    """Cell of |t|, from t^2."""
    size = np.sqrt(np.minimum(t2, float(LARGEST**2)))
    size *= CELLS_IN_ONE
    return size.astype(np.intp)
