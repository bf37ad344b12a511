"""ComBat on the M-values of an assay, in two passes over its rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from analyses.normalise.batches import as_analysis_error, read_batches
from analyses.normalise.layer_step import LayerInputs, LayerStep, StepRun
from analyses.normalise.result import SampleNote, StepResult
from analyses.normalise.source import LayerSource, MatrixRows
from analyses.stats.batch.combat import CombatAdjustment, CombatFit
from analyses.stats.batch.combat_design import CombatError, SingleSampleBatchError, combat_design
from analyses.stats.batch.combat_summary import FeatureStatus, is_adjusted
from analyses.stats.methylation.m_value import m_value
from cohortmart.core.errors import AnalysisError
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.study.normalise_records import METHODS, Combat
from cohortmart.core.study.records import Study

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


def _run(run: StepRun) -> StepResult:
    clip = run.assay.m_value_clip
    return combat_layer(run.source, run.samples, run.study, run.options, clip, run.where)


def _check(samples: pl.DataFrame, combat: Combat, study: Study, where: str) -> Iterator[str]:
    """Try what the step itself tries, on the samples that are known before anything is read."""
    try:
        batches = read_batches(samples, combat, study, where)
    except AnalysisError as error:
        yield str(error)
        return
    labels, keep, names = batches.labels, batches.keep, batches.keep_names
    try:
        combat_design(labels, keep, combat.mean_only, names)
    except CombatError as error:
        yield str(as_analysis_error(error, where))
        if not isinstance(error, SingleSampleBatchError):
            return
        try:  # what would still be refused after that was mended
            combat_design(labels, keep, mean_only=True, covariate_names=names)
        except CombatError as further:
            yield str(as_analysis_error(further, where))


COMBAT = LayerStep(
    name="combat",
    title=METHODS["combat"].title,
    inputs=LayerInputs(
        tables=("sample",),
        settings=lambda study, assay: [repr(assay.m_value_clip), *study.groups],
    ),
    run=_run,
    seconds_per_value=40 / 116e6,
    check=_check,
)
