"""ComBat-seq (Zhang, Parmigiani & Johnson 2020, NAR Genomics and Bioinformatics 2:lqaa078).

A negative-binomial regression of each gene's counts on batches and on what is to be kept, with a
dispersion for each batch. A count then moves to the same quantile of the distribution it would
have without its batch's effect on the mean and with the average dispersion of the batches, so
that counts stay whole and zeros stay zero.

    log mu = batch + kept + log library;  log mu* = log mu - (batch - mean over samples)

The authors' program writes the mean over samples into the offset and fits once more, where the
prior count then weighs otherwise for a gene whose reference group has next to no counts: its
results depend on which group that is. Here the mean is subtracted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from analyses.stats.batch.combat_design import CombatError
from analyses.stats.batch.combat_seq_design import CombatSeqDesign, combat_seq_design, whole_counts
from analyses.stats.batch.combat_seq_dispersion import batch_dispersions
from analyses.stats.counts.dispersion import BLOCK
from analyses.stats.counts.negative_binomial import (
    column_products,
    contrast_errors,
    fit_negative_binomial,
)
from analyses.stats.counts.negative_binomial_quantile import NegativeBinomial, match_quantiles
from analyses.stats.numeric.parallel import for_blocks, rows_times
from cohortmart.core.types import Bools, Floats, Ints

#: Added to a count of an average library, so that no batch effect is infinite.
PRIOR_COUNT = 1e-4
#: A batch effect whose standard error (natural log) is above this is not told by the counts: those
#: that are told have at most about 3, the others thousands.
MOST_ERROR = 10.0


class GeneStatus(IntEnum):
    """What ComBat-seq does with a gene."""

    ADJUSTED = 0
    #: No count in some batch: left unchanged, as in the authors' program.
    ABSENT_FROM_A_BATCH = 1
    #: The counts there are do not tell batches from what is kept (a batch has counts only where
    #: no other batch has samples, say): left unchanged, where the authors' program may explode.
    BATCH_NOT_ESTIMABLE = 2
    #: The regression did not converge: left unchanged.
    NOT_CONVERGED = 3


@dataclass(frozen=True)
class CombatSeqResult:
    """Adjusted counts, and what was done.

    Parameters
    ----------
    counts : ndarray of shape (n_genes, n_samples), int64
    status : ndarray of shape (n_genes,), int8
        GeneStatus.
    capped : ndarray of shape (n_genes,), int64
        How many counts of the gene were cut to the most that is allowed.
    in_tail : ndarray of shape (n_genes,), int64
        How many counts of the gene stayed because they are less likely than 1e-4 in their batch.
    n_rounded : int
        How many counts were not whole at the start.
    batches : tuple of str
        Sorted names.
    common_dispersion : ndarray of shape (n_batches,)
    own_dispersion : tuple of bool
        Whether a batch's genes have a dispersion of their own; not where the batch has too few
        samples for the model or lacks part of what is kept.
    dispersion : ndarray of shape (n_genes, n_batches)
        NaN for genes that are absent from a batch.
    batch_effect : ndarray of shape (n_genes, n_batches)
        Natural log of the fold that was taken out; NaN for genes left unchanged.
    """

    counts: Ints
    status: NDArray[np.int8]
    capped: Ints
    in_tail: Ints
    n_rounded: int
    batches: tuple[str, ...]
    common_dispersion: Floats
    own_dispersion: tuple[bool, ...]
    dispersion: Floats
    batch_effect: Floats

    @property
    def n_capped(self) -> int:
        """Number of counts cut to the most that is allowed."""
        return int(self.capped.sum())

    @property
    def n_in_tail(self) -> int:
        """Number of counts left as they were because they are too unlikely in their batch."""
        return int(self.in_tail.sum())

    def n_by_status(self) -> dict[GeneStatus, int]:
        """Return how many genes there are of each status, those with none left out."""
        count = Counter(self.status.tolist())
        return {status: count[status] for status in GeneStatus if count[status]}


def combat_seq(
    counts: Floats,
    batch: Sequence[str],
    keep: Floats | None = None,
    keep_names: Sequence[str] | None = None,
    most_fold: float = 10.0,
) -> CombatSeqResult:
    """Take batch effects out of counts.

    Parameters
    ----------
    counts : ndarray of shape (n_genes, n_samples)
        Raw counts, complete; those that are not whole are rounded, halves to even.
    batch : sequence of str, one a sample
    keep : ndarray of shape (n_samples, n_covariates), optional
        What to keep, coded as numbers, without an intercept.
    keep_names : sequence of str, optional
        For messages; numbers from 1 if not given.
    most_fold : float
        A count does not grow beyond this many times the gene's largest count of any sample, per
        library size. (In the CD8+ T cells of Zenere et al. 2023 the most is 6.9 times.)

    Raises
    ------
    CombatError
        Counts that are not counts, a sample without any, and what `combat_seq_design` refuses.

    Notes
    -----
    Genes are worked on in blocks; what is held besides is the counts, the result and a few
    numbers a gene.
    """
    design = combat_seq_design(batch, keep, keep_names)
    whole, n_rounded = whole_counts(counts, design.combat.n_samples)
    if not most_fold >= 1.0:
        raise CombatError(f"most_fold is {most_fold:g}", "give a number of at least 1")
    seen = np.column_stack(
        [whole[:, design.members(b)].any(axis=1) for b in range(design.combat.n_batches)]
    ).all(axis=1)
    rows = np.flatnonzero(seen)
    library = _library(whole, rows)
    spread = batch_dispersions(whole, rows, design, library)
    work = _Adjustment(whole, rows, design, library, spread.by_gene, most_fold)
    for_blocks(len(rows), BLOCK, work.block)
    return CombatSeqResult(
        counts=work.counts,
        status=work.status,
        capped=work.capped,
        in_tail=work.in_tail,
        n_rounded=n_rounded,
        batches=design.combat.batches,
        common_dispersion=spread.common,
        own_dispersion=spread.own,
        dispersion=_all_genes(spread.by_gene, rows, len(whole)),
        batch_effect=work.batch_effect,
    )


class _Adjustment:
    """Where the results of the blocks of genes come together."""

    def __init__(
        self,
        whole: Floats,
        rows: Ints,
        design: CombatSeqDesign,
        library: Floats,
        dispersion: Floats,
        most_fold: float,
    ) -> None:
        self._whole, self._rows, self._design = whole, rows, design
        self._library, self._dispersion, self._most_fold = library, dispersion, most_fold
        self._products = column_products(design.columns)
        n = len(whole)
        self.counts = whole.astype(np.int64)
        self.status = np.full(n, GeneStatus.ABSENT_FROM_A_BATCH, dtype=np.int8)
        self.capped, self.in_tail = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        self.batch_effect = np.full((n, design.combat.n_batches), np.nan)

    def block(self, start: int, stop: int) -> None:
        """Adjust some of the genes that every batch has."""
        rows, phi = self._rows[start:stop], self._dispersion[start:stop]
        codes = self._design.combat.codes
        y = self._whole[rows]
        fit = fit_negative_binomial(y, self._design.columns, np.log(self._library), phi[:, codes])
        effect, converged = self._batch_effects(y, phi)
        told = self._standard_errors(fit.fitted, phi).max(axis=1) <= MOST_ERROR
        fine = told & converged & fit.converged
        self.status[rows] = np.select(
            [fine, ~told],
            [GeneStatus.ADJUSTED, GeneStatus.BATCH_NOT_ESTIMABLE],
            GeneStatus.NOT_CONVERGED,
        )
        if fine.any():
            self.batch_effect[rows[fine]] = effect[fine]
            self._move(rows[fine], y[fine], fit.fitted[fine], phi[fine], effect[fine])

    def _batch_effects(self, y: Floats, phi: Floats) -> tuple[Floats, Bools]:
        """Effects with the prior count added, and whether that regression converged."""
        prior = PRIOR_COUNT * self._library / self._library.mean()
        fit = fit_negative_binomial(
            y + prior,
            self._design.columns,
            np.log(self._library + 2.0 * prior),
            phi[:, self._design.combat.codes],
        )
        return fit.coefficients @ self._design.centred, fit.converged

    def _standard_errors(self, fitted: Floats, phi: Floats) -> Floats:
        """Those of the batch effects, from the expected information."""
        weight = fitted / (1.0 + phi[:, self._design.combat.codes] * fitted)
        return contrast_errors(rows_times(weight, self._products), self._design.centred)

    def _move(self, rows: Ints, y: Floats, mu: Floats, phi: Floats, effect: Floats) -> None:
        codes = self._design.combat.codes
        size = y.shape
        largest = (y / self._library).max(axis=1, keepdims=True) * self._library
        most = np.maximum(y, np.floor(self._most_fold * largest))
        with np.errstate(over="ignore"):
            new_mu = mu * np.exp(-effect[:, codes])
        average = np.broadcast_to(phi.mean(axis=1, keepdims=True), size)
        moved, in_tail, capped = match_quantiles(
            y.ravel(),
            NegativeBinomial(mu.ravel(), phi[:, codes].ravel()),
            NegativeBinomial(new_mu.ravel(), average.ravel()),
            most.ravel(),
        )
        self.counts[rows] = moved.reshape(size).astype(np.int64)
        self.in_tail[rows] = in_tail.reshape(size).sum(axis=1)
        self.capped[rows] = capped.reshape(size).sum(axis=1)


def _library(whole: Floats, rows: Ints) -> Floats:
    """Sum the counts of each sample in the genes that every batch has."""
    library = np.zeros(whole.shape[1])
    for start in range(0, len(rows), BLOCK):
        library += whole[rows[start : start + BLOCK]].sum(axis=0)
    empty = np.flatnonzero(library == 0.0) + 1
    if rows.size and empty.size:
        raise CombatError(
            f"{'sample' if empty.size == 1 else 'samples'} {', '.join(map(str, empty))} (counted "
            f"from 1) {'has' if empty.size == 1 else 'have'} no count in any gene that all "
            "batches have",
            "leave such samples out",
            [str(i) for i in empty],
        )
    return library


def _all_genes(values: Floats, rows: Ints, n: int) -> Floats:
    out = np.full((n, values.shape[1]), np.nan)
    out[rows] = values
    return out
