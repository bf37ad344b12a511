"""Which genes have enough counts to be tested (edgeR's filterByExpr; Chen, Lun & Smyth 2016)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cohortmart.core.types import Bools, Floats

MINIMUM_COUNT = 10.0
MINIMUM_TOTAL = 15.0
LARGE_GROUP = 10
MINIMUM_SHARE = 0.7
_SLACK = 1e-14


def filter_by_expr(counts: Floats, groups: Sequence[str] | None) -> Bools:
    """Return which genes to keep.

    A gene stays if as many samples as the smallest group has (above 10: 10 plus 70 % of the rest)
    reach 10 / median library size in counts per million, and its counts add up to 15.

    Parameters
    ----------
    counts : ndarray of shape (n_genes, n_samples)
    groups : sequence of str or None
        Group of each sample; None makes all samples one group.

    Returns
    -------
    ndarray of shape (n_genes,), bool
    """
    library = counts.sum(axis=0)
    smallest = counts.shape[1]
    if groups is not None:
        smallest = int(np.unique(np.asarray(groups, dtype=str), return_counts=True)[1].min())
    needed = float(smallest)
    if smallest > LARGE_GROUP:
        needed = LARGE_GROUP + (smallest - LARGE_GROUP) * MINIMUM_SHARE
    middle = float(np.median(library))
    if middle == 0.0:
        return np.zeros(len(counts), dtype=bool)
    cut = MINIMUM_COUNT / middle * 1e6
    cpm = counts / np.where(library > 0, library, 1.0) * 1e6
    reached = (cpm >= cut).sum(axis=1)
    total = counts.sum(axis=1)
    return np.asarray((reached >= needed - _SLACK) & (total >= MINIMUM_TOTAL - _SLACK))
