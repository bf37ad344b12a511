"""Gene set membership: which genes of a universe each set has, as a sparse table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True)
class Membership:
    """Genes of every set, as the rows of a compressed sparse matrix.

    Parameters
    ----------
    indptr : ndarray of shape (n_sets + 1,), int64
        Set i has the genes `genes[indptr[i]:indptr[i + 1]]`.
    genes : ndarray, int64
        Indexes into the axis of genes, sorted within a set, each once a set.
    n_genes : int
        Number of genes in the universe.
    """

    indptr: Ints
    genes: Ints
    n_genes: int

    @property
    def n_sets(self) -> int:
        """Number of sets."""
        return len(self.indptr) - 1

    @property
    def sizes(self) -> Ints:
        """Number of genes of each set; shape (n_sets,)."""
        return np.diff(self.indptr)

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """The same as a matrix of ones; shape (n_sets, n_genes)."""
        shape = (self.n_sets, self.n_genes)
        return sparse.csr_array((np.ones(len(self.genes)), self.genes, self.indptr), shape=shape)

    def sums(self, values: Floats) -> Floats:
        """Add up a value of each gene over the genes of each set.

        Parameters
        ----------
        values : ndarray of shape (n_genes,) or (n_genes, n_columns)

        Returns
        -------
        ndarray of shape (n_sets,) or (n_sets, n_columns)
        """
        return np.asarray(self.matrix @ values)

    def select(self, sets: Ints) -> Membership:
        """Return only these sets, in this order."""
        sizes = self.sizes[sets]
        indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        shift = np.repeat(self.indptr[sets] - indptr[:-1], sizes)
        return Membership(indptr, self.genes[np.arange(indptr[-1]) + shift], self.n_genes)


def membership(set_index: Ints, gene_index: Ints, n_sets: int, n_genes: int) -> Membership:
    """Make the structure from pairs of a set and a gene; a pair given twice counts once.

    Parameters
    ----------
    set_index, gene_index : ndarray of shape (n_pairs,), int64
        Pairs in any order. A gene index below 0 (a gene outside the universe) is left out.
    n_sets, n_genes : int
        Sets without a gene of the universe stay, as empty rows.
    """
    inside = gene_index >= 0
    pairs = np.unique(set_index[inside].astype(np.int64) * n_genes + gene_index[inside])
    rows, genes = np.divmod(pairs, max(n_genes, 1))
    sizes = np.bincount(rows, minlength=n_sets)
    indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Membership(indptr, genes.astype(np.int64), n_genes)
