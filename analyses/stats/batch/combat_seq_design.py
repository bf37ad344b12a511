"""The design of ComBat-seq: batches and the covariates to keep, and counts checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyses.stats.batch.combat_design import (
    CombatDesign,
    CombatError,
    SingleSampleBatchError,
    combat_design,
)
from analyses.stats.linear.basis import design_basis
from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True)
class CombatSeqDesign:
    """The model: one mean a batch plus what is kept, on the log scale.

    Parameters
    ----------
    combat : CombatDesign
        Batches and covariates.
    columns : ndarray of shape (n_samples, n_batches + n_covariates)
        Indicators of the batches, then the covariates.
    centred : ndarray of shape (n_batches + n_covariates, n_batches)
        Turns coefficients into batch effects: a batch's own less the mean over all samples.
    """

    combat: CombatDesign
    columns: Floats
    centred: Floats

    def members(self, batch: int) -> Ints:
        """Return the samples of a batch."""
        return np.flatnonzero(self.combat.codes == batch)

    def within(self, batch: int) -> Floats | None:
        """Return the columns to fit to the samples of a batch alone.

        Returns
        -------
        ndarray of shape (n_samples of the batch, 1 + n_covariates) or None
            Orthonormal. None where the batch is too small, or lacks part of what is kept: then
            its genes share one dispersion, as in the authors' program.
        """
        rows = self.members(batch)
        kept = np.column_stack([np.ones(len(rows)), self.combat.covariates[rows]])
        if len(rows) <= kept.shape[1]:
            return None
        basis = design_basis(kept)
        return basis.q if basis.rank == kept.shape[1] else None


def combat_seq_design(
    batch: Sequence[str], keep: Floats | None = None, keep_names: Sequence[str] | None = None
) -> CombatSeqDesign:
    """Check and decompose the design.

    Parameters
    ----------
    batch : sequence of str, one a sample
    keep : ndarray of shape (n_samples, n_covariates), optional
        What to keep, coded as numbers, without an intercept. The results do not depend on how.
    keep_names : sequence of str, optional
        For messages; numbers from 1 if not given.

    Raises
    ------
    TooFewBatchesError, SingleSampleBatchError, CovariateError, ConfoundedError
        All are CombatError, a ValueError; they name what is wrong and say what to do.
    """
    # means only: a batch of one sample is refused here, where the advice is another one
    batches = combat_design(batch, mean_only=True)
    alone = [name for name, n in zip(batches.batches, batches.sizes, strict=True) if n == 1]
    if alone:
        raise SingleSampleBatchError(
            f"{'batch' if len(alone) == 1 else 'batches'} {', '.join(alone)} "
            f"{'has' if len(alone) == 1 else 'have'} one sample only, "
            "from which ComBat-seq can estimate no dispersion",
            "merge batches, leave the sample out, or use ComBat with means only on log CPM",
            alone,
        )
    design = combat_design(batch, keep, mean_only=True, covariate_names=keep_names)
    n_covariates = design.covariates.shape[1]
    share = design.sizes / design.n_samples
    effects = np.eye(design.n_batches) - share[:, None]
    return CombatSeqDesign(
        combat=design,
        columns=np.hstack([design.indicators, design.covariates]),
        centred=np.vstack([effects, np.zeros((n_covariates, design.n_batches))]),
    )


def whole_counts(counts: Floats, n_samples: int) -> tuple[Floats, int]:
    """Check the counts and round them, halves to even.

    Parameters
    ----------
    counts : ndarray of shape (n_genes, n_samples)
    n_samples : int
        Number of batch labels.

    Returns
    -------
    whole : ndarray of shape (n_genes, n_samples), float64
    n_rounded : int
        How many were not whole.

    Raises
    ------
    CombatError
        Wrong shape, a missing, infinite or negative count.
    """
    given = np.asarray(counts, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != n_samples:
        raise CombatError(
            f"counts of shape {given.shape} do not go with {n_samples} batch labels",
            "give genes in rows and samples in columns",
        )
    wrong = ~(np.isfinite(given) & (given >= 0.0))
    if wrong.any():
        gene, sample = np.argwhere(wrong)[0]
        raise CombatError(
            f"{int(wrong.sum())} counts are missing, infinite or negative, the first that of gene "
            f"{gene + 1} in sample {sample + 1} (counted from 1): {given[gene, sample]:g}",
            "ComBat-seq needs the raw counts of every gene in every sample",
        )
    whole = np.rint(given)
    return whole, int((whole != given).sum())
