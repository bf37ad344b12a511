"""ComBat on the M-values of an assay, in two passes over its rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from analyses.normalise.batches import as_analysis_error, read_batches
from analyses.normalise.result import SampleNote, StepResult
from analyses.normalise.source import LayerSource, MatrixRows
from analyses.stats.batch.combat import CombatAdjustment, CombatFit
from analyses.stats.batch.combat_design import CombatError, combat_design
from analyses.stats.batch.combat_summary import FeatureStatus, is_adjusted
from analyses.stats.methylation.m_value import m_value
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.study.records import Combat, Study

_WORDS = {
    FeatureStatus.ADJUSTED_WITHOUT_SOME_BATCHES: "ComBat adjusted without a batch that lacks them",
    FeatureStatus.CONSTANT_IN_A_BATCH: "ComBat left unchanged, constant within a batch",
    FeatureStatus.NOT_ESTIMABLE: "ComBat left unchanged, too few values",
    FeatureStatus.NO_RESIDUAL_VARIANCE: "ComBat left unchanged, no residual variance",
}


def combat_layer(
    source: LayerSource,
    samples: pl.DataFrame,
    study: Study,
    combat: Combat,
    clip: float,
    where: str,
) -> StepResult:
    """Remove batch effects from the M-values; what `keep` names is protected.

    Parameters
    ----------
    source : LayerSource
        The betas to start from.
    samples : polars.DataFrame
        Rows of the lake's `sample` in the order of the source's samples.
    study : Study
    combat : Combat
        Batch and what to keep.
    clip : float
        Betas are clipped to [clip, 1 - clip] before the logit.
    where : str
        Begins the messages.

    Raises
    ------
    AnalysisError
        Batches and what is to be kept do not allow it; the message says what to do.
    """
    batches = read_batches(samples, combat, study, where)
    try:
        design = combat_design(batches.labels, batches.keep, combat.mean_only, batches.keep_names)
        fit = CombatFit(design)
        for _, beta in one_ahead(source.rows()):
            fit.add(m_value(beta, clip))
        adjustment = fit.finish()
    except CombatError as error:
        raise as_analysis_error(error, where) from error
    found = adjustment.n_by_status()
    notes = [*batches.notes]
    notes += [f"{_WORDS[status]}: {n:,} probes" for status, n in found.items() if status in _WORDS]
    return StepResult(
        rows=_rows(source, adjustment, clip),
        samples=tuple(SampleNote(s) for s in source.sample_ids),
        n_changed=int(is_adjusted(adjustment.status).sum()),
        notes=tuple(notes),
    )


def _rows(source: LayerSource, adjustment: CombatAdjustment, clip: float) -> Iterator[MatrixRows]:
    start = 0
    for ids, beta in one_ahead(source.rows()):
        rows = slice(start, start + len(ids))
        values = adjustment.apply(m_value(beta, clip), rows)
        yield ids, 1.0 / (1.0 + np.exp2(-values))
        start += len(ids)
