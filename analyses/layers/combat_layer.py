"""ComBat on the M-values of an assay, in two passes over its rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analyses.design.coding import covariate_columns, read_category
from analyses.design.variables import ROLE_COLUMNS
from analyses.design.wording import listed
from analyses.layers.result import SampleNote, StepResult
from analyses.layers.source import BetaRows, LayerSource
from analyses.normalise.combat import CombatAdjustment, CombatFit
from analyses.normalise.combat_design import CombatError, combat_design, independent_columns
from analyses.normalise.combat_summary import FeatureStatus, is_adjusted
from analyses.normalise.m_value import m_value
from cohortmart.ahead import one_ahead
from cohortmart.errors import AnalysisError
from cohortmart.study import Combat, Study

Floats = NDArray[np.float64]

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
    _refuse_missing(samples, combat, where)
    keep = covariate_columns(samples, combat.keep, study, where)
    batch = read_category(samples, combat.batch, study, where)
    own = independent_columns(keep.matrix)
    names = [keep.columns[j] for j in own]
    try:
        design = combat_design(batch.values, keep.matrix[:, own], combat.mean_only, names)
        fit = CombatFit(design)
        for _, beta in one_ahead(source.rows()):
            fit.add(m_value(beta, clip))
        adjustment = fit.finish()
    except CombatError as error:
        raise AnalysisError(
            f"{where}: {error.problem}", found=", ".join(error.names) or None, hint=error.hint
        ) from error
    notes = [*keep.notes, *_unprotected(samples, combat)]
    found = adjustment.n_by_status()
    notes += [f"{_WORDS[status]}: {n:,} probes" for status, n in found.items() if status in _WORDS]
    return StepResult(
        rows=_rows(source, adjustment, clip),
        samples=tuple(SampleNote(s) for s in source.sample_ids),
        n_changed=int(is_adjusted(adjustment.status).sum()),
        notes=tuple(notes),
    )


def _rows(source: LayerSource, adjustment: CombatAdjustment, clip: float) -> Iterator[BetaRows]:
    start = 0
    for ids, beta in one_ahead(source.rows()):
        rows = slice(start, start + len(ids))
        values = adjustment.apply(m_value(beta, clip), rows)
        yield ids, 1.0 / (1.0 + np.exp2(-values))
        start += len(ids)


def _refuse_missing(samples: pl.DataFrame, combat: Combat, where: str) -> None:
    """Raise if a sample has no batch, or no value of what is to be kept."""
    for name in (combat.batch, *combat.keep):
        column = ROLE_COLUMNS.get(name, name)
        if column not in samples.columns:
            continue  # an unknown name is refused where it is read
        lacking = sorted(samples["sample_id"].filter(samples[column].is_null()).to_list())
        if lacking:
            raise AnalysisError(
                f"{where}: `{name}` has no value for {len(lacking)} of the {samples.height} "
                "samples of the assay",
                expected="a value for every sample that is to be adjusted",
                found=f"none for {listed(lacking, 5)}",
                hint=f"fill it in in the sample sheet, or do without `{name}` in `combat`",
            )


def _unprotected(samples: pl.DataFrame, combat: Combat) -> list[str]:
    """Warn where ComBat would take a difference between cell types for one between batches."""
    several = samples["cell_type"].n_unique() > 1
    if several and "cell_type" not in combat.keep:
        return [
            "ComBat sees several cell types and `keep` does not name cell_type: where batches "
            "hold different shares of them, it removes part of their difference"
        ]
    return []
