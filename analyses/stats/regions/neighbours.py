"""Neighbours on a chromosome: CpGs in the order of the genome, and which of them lie close."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohortmart.core.types import Bools, Floats, Ints


@dataclass(frozen=True)
class Neighbours:
    """CpGs that have enough others beside them to be part of a region, along the genome.

    Parameters
    ----------
    rows : ndarray of shape (n,), int
        Which of the given CpGs, by chromosome and position.
    position : ndarray of shape (n,), int
    linked : ndarray of shape (n,), bool
        Whether the next CpG lies on the same chromosome, no further than the largest gap.
    place : ndarray of shape (n,), int
        Running number of the position: CpGs at one position share it.
    minimum : int
        Positions that a region has at least.
    """

    rows: Ints
    position: Ints
    linked: Bools
    place: Ints
    minimum: int


@dataclass(frozen=True)
class Runs:
    """CpGs side by side, from `start` up to and without `stop`, in columns of a table.

    Parameters
    ----------
    column, start, stop : ndarray of shape (n_runs,), int
    """

    column: Ints
    start: Ints
    stop: Ints

    def members(self) -> tuple[Ints, Ints]:
        """Return the CpGs of all runs one after the other, and where each run begins and ends.

        Returns
        -------
        members : ndarray of shape (sum of lengths,), int
        ends : ndarray of shape (n_runs + 1,), int
        """
        length = self.stop - self.start
        ends = np.concatenate([[0], np.cumsum(length)])
        return np.arange(ends[-1]) + np.repeat(self.start - ends[:-1], length), ends


def neighbours(chromosome: Ints, position: Ints, maximum_gap: int, minimum: int) -> Neighbours:
    """Put CpGs in the order of the genome and leave out those without enough neighbours.

    Parameters
    ----------
    chromosome : ndarray of shape (n_cpgs,), int
        Number of the chromosome, in the order wanted; below 0 = not known.
    position : ndarray of shape (n_cpgs,), int
        In bases; at one position CpGs keep their order.
    maximum_gap : int
        Bases between two neighbours of a region, at most.
    minimum : int
        Positions of a region, at least.
    """
    order = np.lexsort((position, chromosome))
    order = order[chromosome[order] >= 0]
    at, where = position[order], chromosome[order]
    linked = np.zeros(len(order), bool)
    linked[:-1] = (where[1:] == where[:-1]) & (at[1:] - at[:-1] <= maximum_gap)
    chain = np.cumsum(np.append(True, ~linked[:-1])[: len(order)]) - 1
    new = np.append(True, (at[1:] != at[:-1]) | ~linked[:-1])[: len(order)]
    kept = np.bincount(chain, weights=new)[chain] >= minimum if len(order) else linked
    return Neighbours(order[kept], at[kept], linked[kept], np.cumsum(new[kept]), minimum)


def find_runs(chosen: Bools, beside: Neighbours) -> Runs:
    """Find the longest runs of chosen neighbours, column by column.

    Parameters
    ----------
    chosen : ndarray of shape (n, n_columns), bool
        Along `beside`.
    beside : Neighbours

    Returns
    -------
    Runs
        Of at least `beside.minimum` positions, by column and place.
    """
    n_windows = len(chosen) - beside.minimum + 1
    if n_windows <= 0:
        return Runs(*(np.empty(0, np.int64) for _ in range(3)))
    whole = chosen[:n_windows].copy()
    for step in range(1, beside.minimum):
        whole &= chosen[step : step + n_windows]
        whole &= beside.linked[step - 1 : step - 1 + n_windows, None]
    at, column = np.nonzero(whole)
    order = np.argsort(column, kind="stable")
    at, column = at[order], column[order]
    new = np.ones(len(at) + 1, bool)
    new[1:-1] = (column[1:] != column[:-1]) | (at[1:] != at[:-1] + 1) | ~beside.linked[at[:-1]]
    start, stop = at[new[:-1]], at[new[1:]] + beside.minimum
    enough = beside.place[stop - 1] - beside.place[start] + 1 >= beside.minimum
    return Runs(column[new[:-1]][enough], start[enough], stop[enough])


def pairs_of_runs(ends: Ints) -> list[tuple[Ints, Ints, Ints]]:
    """Pair the members of each run, as far apart as runs are long.

    Parameters
    ----------
    ends : ndarray of shape (n_runs + 1,), int
        Where each run begins and ends in `members`.

    Returns
    -------
    list of (ndarray, ndarray, ndarray)
        For each distance: places of the first and of the second member, and their run.
    """
    length = np.diff(ends)
    run, out = np.repeat(np.arange(len(length)), length), []
    for lag in range(1, int(length.max(initial=0))):
        first = np.flatnonzero(run[:-lag] == run[lag:])
        out.append((first, first + lag, run[first]))
    return out


def sums_of(values: Floats, ends: Ints) -> Floats:
    """Return the sum over the members of each run."""
    return np.asarray(np.add.reduceat(values, ends[:-1])) if len(ends) > 1 else np.empty(0)
