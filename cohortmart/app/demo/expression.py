"""Counts of the synthetic study: gamma-Poisson, with a trend of the dispersion on the mean."""

from __future__ import annotations

import numpy as np

from cohortmart.app.demo.background import (
    covariate_shift,
    level_shift,
    planted_shift,
    scattered,
    subject_shift,
)
from cohortmart.app.demo.bound import Bound, bound_in_genes
from cohortmart.app.demo.cells import Cells, followed
from cohortmart.app.demo.effects import Planted
from cohortmart.app.demo.people import Samples
from cohortmart.app.demo.scale import stream
from cohortmart.core.types import Ints

_READS = (20e6, 60e6)  # of a whole library
_GENES_OF_A_LIBRARY = 13_500  # expressed genes; fewer genes get their share of the reads
_LOG2_ABUNDANCE_SD = 2.0
_DISPERSION = 0.025  # of highly expressed genes, between visits of one person
_PRIOR_DF = 10.0


def make_counts(
    seed: int,
    samples: Samples,
    planted: Planted,
    cells: Cells | None = None,
    bound: Bound | None = None,
) -> Ints:
    """Draw the counts of every sample.

    Parameters
    ----------
    seed : int
        Seed of the study.
    samples : Samples
        All samples, measured or not.
    planted : Planted
        Effects on the log2 expected count.
    cells : Cells, optional
        Genes that follow the cells of each sample; they are drawn from a stream of their own, so
        that all others stay as they are without them.
    bound : Bound, optional
        Genes that a variant binds to the person, from a stream of their own, too.

    Returns
    -------
    array of int, shape (n_genes, n_samples)
    """
    rng = stream(seed, "expression")
    n_genes, n_samples = len(planted.effect), len(samples.subject)
    share = min(1.0, n_genes / _GENES_OF_A_LIBRARY)
    fewest, most = np.log(_READS)
    library = np.exp(rng.uniform(fewest, most, n_samples)) * share
    abundance = rng.normal(0, _LOG2_ABUNDANCE_SD, n_genes)
    mean = np.exp2(abundance) / np.exp2(abundance).sum() * np.median(library)
    dispersion = scattered(rng, _DISPERSION + 1.0 / mean, _PRIOR_DF)
    batch_moves = np.where(rng.random(n_genes) < 0.4, 0.35, 0.0)
    log2_mean = (
        abundance[:, None]
        + planted_shift(planted, samples)
        + covariate_shift(rng, samples, n_genes)
        + level_shift(rng, samples.library_batch, n_genes, batch_moves)
        # counting adds 1 / mean to the variance of the log count
        + subject_shift(rng, samples, np.sqrt(dispersion + 1.0 / mean) / np.log(2))
    )
    rate = np.exp2(log2_mean)
    rate *= library / rate.sum(axis=0)
    shape = 1.0 / dispersion[:, None]
    counts = rng.poisson(rng.gamma(shape, rate / shape))
    followers = []
    if cells is not None:
        followers.append(("counts of cells", cells.genes, followed(cells)))
    if bound is not None:
        followers.append(("counts bound to the person", bound.genes, bound_in_genes(bound)))
    for name, genes, shift in followers:
        own = stream(seed, name)
        here, mean_count = shape[genes], rate[genes] * np.exp2(shift)
        counts[genes] = own.poisson(own.gamma(here, mean_count / here))
    return counts
