"""Contingency tables of two lists of features from one universe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cohortmart.core.types import Floats, Ints

#: Products of two counts must fit into 64 bits.
_LARGEST = 2**31
#: Values worked on at a time.
_CHUNK = 1 << 20


@dataclass(frozen=True)
class ContingencyTables:
    """The four cells of each table, every one an array of shape (n_tables,).

    Parameters
    ----------
    both, first_only, second_only, neither : ndarray of int
        Features in both lists, in one only, in none.
    """

    both: Ints
    first_only: Ints
    second_only: Ints
    neither: Ints

    @property
    def n(self) -> int:
        """Number of tables."""
        return len(self.both)

    @property
    def lowest(self) -> Ints:
        """Smallest possible overlap of lists of these sizes."""
        return np.asarray(np.maximum(self.both - self.neither, 0))

    @property
    def highest(self) -> Ints:
        """Largest possible overlap of lists of these sizes."""
        return self.both + np.minimum(self.first_only, self.second_only)

    def rows(self, which: Ints) -> ContingencyTables:
        """Return some of the tables."""
        return ContingencyTables(
            self.both[which], self.first_only[which], self.second_only[which], self.neither[which]
        )

    def with_overlap(self, both: Ints) -> ContingencyTables:
        """Return the tables of the same lists with another overlap."""
        more = both - self.both
        return ContingencyTables(
            both, self.first_only - more, self.second_only - more, self.neither + more
        )

    def reach(self) -> Ints:
        """How far from the overlap probabilities matter, if the overlap is the mean."""
        cells = (self.both, self.first_only, self.second_only, self.neither)
        variance = 1 / sum(1 / np.maximum(cell, 1) for cell in cells)
        # ten standard deviations, and more for the long tail of small counts
        far = np.ceil(10 * np.sqrt(variance)).astype(np.int64) + 25
        possible = np.maximum(self.highest - self.both, self.both - self.lowest)
        return np.asarray(np.minimum(far, possible))


def contingency_tables(
    n_both: ArrayLike, n_first: ArrayLike, n_second: ArrayLike, n_universe: ArrayLike
) -> tuple[tuple[int, ...], ContingencyTables]:
    """Check the counts; return their common shape and the tables in a row.

    Parameters
    ----------
    n_both, n_first, n_second, n_universe : array_like of int
        Broadcast against each other.

    Raises
    ------
    ValueError
        Counts that no two lists can have, or a universe of 2^31 or more.
    """
    given = np.broadcast_arrays(*map(np.asarray, (n_both, n_first, n_second, n_universe)))
    with np.errstate(invalid="ignore"):
        both, first, second, universe = (a.astype(np.int64).ravel() for a in given)
    t = ContingencyTables(both, first - both, second - both, universe - first - second + both)
    bad = universe >= _LARGEST
    for cell in (t.both, t.first_only, t.second_only, t.neither):
        bad |= cell < 0
    for raw, whole in zip(given, (both, first, second, universe), strict=True):
        bad |= raw.ravel() != whole
    if bad.any():
        at = [a.ravel()[bad.argmax()] for a in given]
        raise ValueError(
            f"no two lists of {at[1]} and {at[2]} of {at[3]} features share {at[0]} "
            f"(counts must be whole, the universe smaller than {_LARGEST})"
        )
    return given[0].shape, t


def in_chunks(
    t: ContingencyTables, width: Ints, work: Callable[[ContingencyTables], Floats]
) -> Floats:
    """Compute tables of similar width together, so that memory stays flat.

    Parameters
    ----------
    width : ndarray of int of shape (n_tables,)
        Numbers that the work holds for a table.
    work : callable
        Takes some tables and returns one number each.
    """
    out = np.empty(t.n)
    for which in _chunks(width):
        out[which] = work(t.rows(which))
    return out


def _chunks(width: Ints) -> Iterator[Ints]:
    order = np.argsort(width, kind="stable")[::-1]
    start = 0
    while start < len(order):
        stop = start + max(1, _CHUNK // int(width[order[start]]))
        yield order[start:stop]
        start = stop
