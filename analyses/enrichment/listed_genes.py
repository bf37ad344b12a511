"""Genes that a row of `enrichment` names: found ones of a set, or its leading edge."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyses.stats.gene_sets.membership import Membership
from cohortmart.core.types import Bools, Ints

SEPARATOR = ";"


def members_among(members: Membership, wanted: Bools) -> tuple[Ints, Ints]:
    """Return the wanted genes of each set, in the order of the universe.

    Parameters
    ----------
    members : Membership
    wanted : ndarray of shape (n_genes,), bool

    Returns
    -------
    indptr : ndarray of shape (n_sets + 1,), int64
        Set i has the genes `genes[indptr[i]:indptr[i + 1]]`.
    genes : ndarray, int64
    """
    is_wanted = wanted[members.genes]
    before = np.concatenate([[0], np.cumsum(is_wanted)]).astype(np.int64)
    return before[members.indptr], members.genes[is_wanted]


def joined_names(indptr: Ints, genes: Ints, universe: pa.Array) -> pa.Array:
    """Join the names of the genes of each set; null where there is none.

    Parameters
    ----------
    indptr, genes : ndarray
        As `members_among` gives them.
    universe : pyarrow.Array of string

    Returns
    -------
    pyarrow.Array of string, length n_sets
    """
    names = universe.cast(pa.large_string()).take(pa.array(genes))
    lists = pa.LargeListArray.from_arrays(pa.array(indptr, pa.int64()), names)
    text = pc.binary_join(lists, pa.scalar(SEPARATOR, pa.large_string()))
    return pc.if_else(pa.array(np.diff(indptr) > 0), text, None).cast(pa.string())
