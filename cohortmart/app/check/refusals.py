"""Refusals: why `cohortmart analyse` would not fit an analysis although its design can be made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from analyses.design.estimability import aliased_columns
from analyses.design.joint_tests import named_sets
from analyses.design.model_matrix import Design
from analyses.enrichment.found_genes import unknown_contrast
from analyses.rebound.pairs import resolve_pairs
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Analysis
from cohortmart.core.text import Nouns, counted, did_you_mean, listed

NOTHING: Mapping[str, Any] = MappingProxyType({})


def find_refusals(
    design: Design,
    analysis: Analysis,
    contrasts: Sequence[str] = (),
    groups: Sequence[str] = (),
    families: Mapping[str, Sequence[int]] = NOTHING,
    unpermutable: Collection[str] = (),
    nouns: Nouns | None = None,
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
    families : mapping of str to sequence of int
        Reserved key to the contrasts it stands for.
    unpermutable : collection of str
        Contrasts that permuted timepoints cannot test.
    nouns : Nouns, optional
        What the study calls people and timepoints.

    Returns
    -------
    tuple of str
        Messages of several lines; empty if the fit demands nothing more.
    """
    found = [
        _of_blocks(design, analysis),
        _of_limma_errors(design, analysis),
        _of_pairs(analysis, contrasts, groups),
        _of_joint_tests(analysis, contrasts, families),
        _of_enrichment(analysis, contrasts),
        _of_permutations(analysis, contrasts, unpermutable, nouns or Nouns()),
        _of_sensitivity(analysis, contrasts),
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
    if analysis.contrast_errors != "limma":
        return None
    if design.within is not None:
        return AnalysisError(
            "`contrast_errors: limma` needs every coefficient of the model, and beside `within` "
            "no single one can be estimated",
            expected="`contrast_errors: exact`",
            hint="use `contrast_errors: exact`: without weights the two are the same, and with "
            "weights it is the right one",
        )
    aliased = [design.columns[i] for i in aliased_columns(design.basis)]
    if not aliased:
        return None
    return AnalysisError(
        "`contrast_errors: limma` needs every coefficient of the model",
        expected="a design of full rank",
        found=f"{len(design.columns)} columns of rank {design.rank}: among the chosen samples "
        f"{listed(aliased)} cannot be told apart",
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


def _of_joint_tests(
    analysis: Analysis, contrasts: Sequence[str], families: Mapping[str, Sequence[int]]
) -> AnalysisError | None:
    """Name the contrasts of `joint_tests` as the analysis would."""
    try:
        named_sets(contrasts, families, analysis.joint_tests, "`joint_tests`")
    except AnalysisError as error:
        return error
    return None


def _of_permutations(
    analysis: Analysis, contrasts: Sequence[str], unpermutable: Collection[str], nouns: Nouns
) -> AnalysisError | None:
    """Permuting the timepoints of each person moves nothing between people."""
    options = analysis.permutations
    if options is None or not contrasts:
        return None
    unknown = next((name for name in options.contrasts if name not in contrasts), None)
    if unknown is not None:
        return _unknown("permutations", unknown, contrasts)
    named = [n for n in options.contrasts if n in unpermutable]
    if not named and not set(contrasts) <= set(unpermutable):
        return None
    return AnalysisError(
        f"`permutations` cannot test a contrast between {nouns.subject.many}: it permutes the "
        f"{nouns.timepoint.many} of each",
        expected=f"changes within {nouns.subject.many}, or such changes compared between groups",
        found=listed(named or contrasts, 5),
        hint="take it out of `permutations.contrasts`"
        if named
        else "leave `permutations` out, or add such contrasts",
    )


def _of_sensitivity(analysis: Analysis, contrasts: Sequence[str]) -> AnalysisError | None:
    """Look for the contrasts that `sensitivity` names."""
    named = () if analysis.sensitivity is None else analysis.sensitivity.contrasts
    unknown = next((name for name in named if name not in contrasts), None)
    return None if unknown is None else _unknown("sensitivity", unknown, contrasts)


def _unknown(key: str, contrast: str, names: Sequence[str]) -> AnalysisError:
    return AnalysisError(
        f"`{key}` names a contrast that the analysis does not have",
        expected=listed(names),
        found=contrast,
        hint=did_you_mean(contrast, names) or "correct the name",
    )
