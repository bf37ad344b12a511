"""Negative-binomial dispersions of every gene in every batch, for ComBat-seq."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.batch.combat_seq_design import CombatSeqDesign
from analyses.stats.counts.dispersion import common_dispersion, gene_dispersions
from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True)
class BatchDispersions:
    """Dispersions by batch.

    Parameters
    ----------
    common : ndarray of shape (n_batches,)
        NaN where there are no genes.
    own : tuple of bool
        Whether the genes of a batch have one each.
    by_gene : ndarray of shape (n_genes, n_batches)
    """

    common: Floats
    own: tuple[bool, ...]
    by_gene: Floats


def batch_dispersions(
    counts: Floats, rows: Ints, design: CombatSeqDesign, library: Floats
) -> BatchDispersions:
    """Estimate the dispersions batch by batch.

    A batch with more samples than the model of what is kept has columns, all of which it can
    tell apart, gives each gene its own dispersion (no shrinkage); any other batch gives all genes
    the common one of a model with a mean only.

    Parameters
    ----------
    counts : ndarray of shape (n_all_genes, n_samples)
        Whole numbers.
    rows : ndarray of shape (n_genes,), int
        The genes to use.
    library : ndarray of shape (n_samples,)
    """
    n_batches = design.combat.n_batches
    common = np.full(n_batches, np.nan)
    by_gene = np.empty((len(rows), n_batches))
    designs = [design.within(batch) for batch in range(n_batches)]
    for batch, columns in enumerate(designs):
        if not rows.size:
            break
        members = design.members(batch)
        y, offset = counts[np.ix_(rows, members)], np.log(library[members])
        model = np.ones((len(members), 1)) if columns is None else columns
        common[batch] = common_dispersion(y, model, offset)
        by_gene[:, batch] = (
            common[batch]
            if columns is None
            else gene_dispersions(y, columns, offset, common[batch])
        )
    return BatchDispersions(common, tuple(d is not None for d in designs), by_gene)
