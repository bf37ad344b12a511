"""Leading edge of a gene set: the genes that make its enrichment score.

Subramanian et al. 2005, doi 10.1073/pnas.0506580102.
"""

from __future__ import annotations

import numpy as np

from analyses.stats.gene_sets.gsea import TIE, first_maximum, ranking
from analyses.stats.gene_sets.membership import Membership
from cohortmart.core.types import Bools, Floats, Ints


def leading_edges(statistic: Floats, sets: Membership, weight: float = 1.0) -> tuple[Ints, Ints]:
    """Find the genes that make each set's score: its leading-edge subset.

    Parameters
    ----------
    statistic, sets, weight
        As `preranked` takes them.

    Returns
    -------
    indptr : ndarray of shape (n_sets + 1,), int64
        Set i has the genes `genes[indptr[i]:indptr[i + 1]]`; none where it has no score.
    genes : ndarray, int64
        Indexes into the axis of genes, from the end of the ranking on.

    Raises
    ------
    ValueError
        A value of the statistic is missing or infinite.

    Notes
    -----
    Subramanian et al. 2005: of a score above 0 the set's genes up to where the running sum is
    highest, that one included; of one below 0 those behind where it is lowest.
    """
    n_genes = len(statistic)
    place, step = ranking(statistic, weight)
    # by place, which is sorted within a set; a gene is found again by its place
    at_place = np.argsort(place)
    edges: list[Ints] = [np.zeros(0, dtype=np.int64)] * sets.n_sets
    for size in np.unique(sets.sizes[(sets.sizes > 0) & (sets.sizes < n_genes)]):
        same = np.flatnonzero(sets.sizes == size)
        places = np.sort(place[sets.select(same).genes].reshape(len(same), size), axis=1)
        peaks, valleys = _heights(places, step)
        upwards, peak, valley = _turning_points(peaks, valleys)
        for i, row in enumerate(same):
            edge = places[i, : peak[i] + 1] if upwards[i] else places[i, valley[i] :][::-1]
            edges[row] = at_place[edge]
    indptr = np.concatenate([[0], np.cumsum([len(edge) for edge in edges])]).astype(np.int64)
    return indptr, np.concatenate(edges) if edges else np.zeros(0, dtype=np.int64)


def _heights(places: Ints, step: Floats) -> tuple[Floats, Floats]:
    """Return the running sum at each gene of a set and just before it, see `_scores`."""
    m = places.shape[1]
    steps = step[places]
    steps[~steps.any(axis=1)] = 1.0
    height = np.cumsum(steps, axis=1)
    total = height[:, -1:].copy()
    height -= (places - np.arange(m, dtype=float)) * (total / (len(step) - m))
    valleys = (height - steps) / total
    return valleys + steps / total, valleys


def _turning_points(peaks: Floats, valleys: Floats) -> tuple[Bools, Ints, Ints]:
    """Return whether each row goes farther up than down, and where it first is highest, lowest."""
    peak, valley = first_maximum(peaks), first_maximum(-valleys)
    high, low = peaks.max(axis=1), -valleys.min(axis=1)
    return np.where(np.abs(high - low) < TIE, peak < valley, high > low), peak, valley
