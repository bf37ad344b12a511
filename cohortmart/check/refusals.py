"""Why `cohortmart analyse` would refuse an analysis although its design can be made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analyses.design.estimability import entangled_columns
from analyses.design.model_matrix import Design
from analyses.design.wording import listed
from analyses.patterns.found_genes import unknown_contrast
from analyses.patterns.pairs import resolve_pairs
from cohortmart.errors import AnalysisError
from cohortmart.study import Analysis
from cohortmart.wording import counted


def find_refusals(
    design: Design, analysis: Analysis, contrasts: Sequence[str] = (), groups: Sequence[str] = ()
) -> tuple[str, ...]:
    """Try what the fit demands of a design, beyond contrasts that can be estimated.

    Parameters
    ----------
    design : Design
    analysis : Analysis
    contrasts : sequence of str
        Names of its contrasts, families written out.
    groups : sequence of str
        Of the study.

    Returns
    -------
    tuple of str
        Messages of several lines; empty if the fit demands nothing more.
    """
    found = [
        _of_blocks(design, analysis),
        _of_limma_errors(design, analysis),
        _of_pairs(analysis, contrasts, groups),
        _of_enrichment(analysis, contrasts),
    ]
    return tuple(str(error) for error in found if error is not None)


def _of_blocks(design: Design, analysis: Analysis) -> AnalysisError | None:
    """R's rule for a correlation within blocks, as `block_correlation` has it."""
    if design.blocks is None:
        return None
    n, n_blocks, rank = len(design.sample_ids), len(np.unique(design.blocks)), design.rank
    if 1 < n_blocks < n - 1 and n > rank + 2:
        return None
    return AnalysisError(
        "the correlation within blocks cannot be estimated",
        expected="more than one block, fewer blocks than samples - 1, and more samples than "
        "coefficients + 2",
        found=f"{counted(n_blocks, 'block')} ({analysis.model.block}) over "
        f"{counted(n, 'sample')}, {counted(rank, 'coefficient')}",
        hint="leave `block` out of the model",
    )


def _of_limma_errors(design: Design, analysis: Analysis) -> AnalysisError | None:
    """contrasts.fit needs the error of every single coefficient."""
    entangled = [design.columns[i] for i in entangled_columns(design.matrix)]
    if analysis.contrast_errors != "limma" or not entangled:
        return None
    return AnalysisError(
        "`contrast_errors: limma` needs every coefficient of the model",
        expected="a design of full rank",
        found=f"{len(design.columns)} columns of rank {design.rank}: among the chosen samples "
        f"{listed(entangled)} cannot be told apart",
        hint="use `contrast_errors: exact`, or take one of these out of the model",
    )


def _of_enrichment(analysis: Analysis, contrasts: Sequence[str]) -> AnalysisError | None:
    """Look for the contrasts that `enrichment` names."""
    named = () if analysis.enrichment is None else analysis.enrichment.contrasts
    unknown = next((name for name in named if name not in contrasts), None)
    if unknown is None:
        return None
    return unknown_contrast("the analysis", unknown, contrasts)


def _of_pairs(
    analysis: Analysis, contrasts: Sequence[str], groups: Sequence[str]
) -> AnalysisError | None:
    """Name the pairs of `rebound` as the analysis would."""
    if analysis.rebound is None:
        return None
    try:
        resolve_pairs(contrasts, analysis.rebound.pairs, groups)
    except AnalysisError as error:
        return error
    return None
