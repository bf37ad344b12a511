"""ComBat before the fit: values without the batch, and the correlation of what is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from analyses.design.coding import read_category
from analyses.design.model_matrix import build_design
from analyses.fit.prepare import ModelInputs, consensus_correlation
from analyses.fit.response import ValueBlock, Values
from analyses.stats.batch.combat import CombatAdjustment, CombatFit
from analyses.stats.batch.combat_design import (
    CombatDesign,
    CombatError,
    combat_design,
    independent_columns,
)
from analyses.stats.methylation.m_value import m_value
from cohortmart.core.errors import AnalysisError
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.types import Floats


@dataclass(frozen=True, eq=False)
class AdjustedValues:
    """Values that ComBat adjusts as they pass; weights stay what they were.

    Parameters
    ----------
    values : Values
        As they were.
    adjustment : CombatAdjustment
    clip : float or None
        Where the values are betas: they are adjusted as M-values of betas clipped to
        [clip, 1 - clip] and turned back. None = adjusted as they are.
    """

    values: Values
    adjustment: CombatAdjustment
    clip: float | None

    def blocks(self) -> Iterator[ValueBlock]:
        """Stream them; without betas, as no delta_beta is wanted."""
        start = 0
        for block in self.values.blocks():
            rows = slice(start, start + len(block.y))
            y = self.adjustment.apply(_logit(block.y, self.clip), rows)
            if self.clip is not None:
                y = 1.0 / (1.0 + np.exp2(-y))
            yield replace(block, y=y, beta=None)
            start = rows.stop


def combat_first(
    study: Study, name: str, analysis: Analysis, inputs: ModelInputs, batch: str
) -> ModelInputs:
    """Return what an analysis is fitted with, the batch taken out of the values by ComBat.

    ComBat (Johnson, Li & Rabinovic 2007) keeps the means and covariates of the model; the people
    are no part of it, as each may be of one batch only. The weights of voom stay those of the
    counts. The fit that follows does not know that batches were estimated, so that its P values
    are too small where groups are unevenly spread over batches (Nygaard et al. 2016,
    Biostatistics 17:29-39): a hit that holds under ComBat alone is not safe.

    Parameters
    ----------
    study : Study
    name : str
        Of the analysis, for messages.
    analysis : Analysis
        Whose model does not have the batch.
    inputs : ModelInputs
    batch : str

    Raises
    ------
    AnalysisError
        Batches and what is to be kept do not allow ComBat.
    """
    where = f"analysis {name}"
    clip = study.assays[analysis.assay].m_value_clip if analysis.values == "beta" else None
    try:
        fit = CombatFit(_design(study, where, analysis, inputs, batch))
        for block in one_ahead(inputs.values.blocks()):
            fit.add(_logit(block.y, clip))
        values = AdjustedValues(inputs.values, fit.finish(), clip)
    except CombatError as error:
        raise AnalysisError(
            f"{where}: {error.problem}", found=", ".join(error.names) or None, hint=error.hint
        ) from error
    correlation = consensus_correlation(where, values, inputs.basis, inputs.blocks)
    return replace(inputs, values=values, correlation=correlation)


def _design(
    study: Study, where: str, analysis: Analysis, inputs: ModelInputs, batch: str
) -> CombatDesign:
    """Batches, and the columns of the model without its people that are to be kept."""
    labels = read_category(inputs.samples, batch, study, where)
    alone = {"block": None, "within": None, "correlation": "consensus"}
    kept = build_design(inputs.samples, analysis.model.model_copy(update=alone), study, where)
    own = independent_columns(kept.matrix)
    return combat_design(
        labels.values, kept.matrix[:, own], covariate_names=[kept.columns[j] for j in own]
    )


def _logit(y: Floats, clip: float | None) -> Floats:
    return y if clip is None else m_value(y, clip)
