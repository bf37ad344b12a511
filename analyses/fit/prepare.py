"""What an analysis is fitted with: samples, design, contrasts, values and their correlation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl

from analyses.design.contrasts import Contrasts, build_contrasts
from analyses.design.joint_tests import joint_sets
from analyses.design.model_matrix import Design
from analyses.design.subject_pairs import ContrastPairs, describe_contrast
from analyses.fit.response import SampleWeightedValues, Values, ValuesInMemory, values_of
from analyses.fit.sample_design import chosen_design
from analyses.stats.linear.basis import DesignBasis, design_basis
from analyses.stats.mixed.block_correlation import consensus, correlation_of_rows
from analyses.stats.mixed.blocks import Blocks, make_blocks
from cohortmart.core.errors import AnalysisError
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.study.records import Analysis, Study


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything that stands before the fit.

    Parameters
    ----------
    samples : polars.DataFrame
        Rows of `dim_sample`, in the order of the columns of the values.
    design : Design
    contrasts : Contrasts
    pairs : tuple of ContrastPairs
        How each contrast uses the people.
    sets : mapping of str to tuple of int
        Joint tests, and the contrasts of each.
    basis : DesignBasis
        Of the design.
    values : Values
    blocks : Blocks or None
    correlation : float or None
        Consensus of the features' own correlations within blocks; None without blocks. A model
        with `correlation: per_feature` fits each feature with its own instead.
    notes : tuple of str
        What the user should know of samples and design, in plain words.
    """

    samples: pl.DataFrame
    design: Design
    contrasts: Contrasts
    pairs: tuple[ContrastPairs, ...]
    sets: Mapping[str, tuple[int, ...]]
    basis: DesignBasis
    values: Values
    blocks: Blocks | None
    correlation: float | None
    notes: tuple[str, ...]


def prepare(
    con: duckdb.DuckDBPyConnection, study: Study, name: str, analysis: Analysis
) -> Prepared:
    """Read what an analysis needs and estimate the correlation within its blocks.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse, read-only.
    study : Study
    name : str
        Of the analysis.
    analysis : Analysis

    Raises
    ------
    AnalysisError
        The samples, the model or a contrast do not allow it; the message says why.
    """
    chosen = chosen_design(con, study, name, analysis)
    samples, design = chosen.samples, chosen.design
    contrasts = _contrasts(study, name, analysis, design)
    basis = design_basis(design.matrix)
    blocks = None if design.blocks is None else make_blocks(design.blocks.tolist())
    values = values_of(con, study, name, analysis, samples, design, basis, blocks)
    return Prepared(
        samples=samples,
        design=design,
        contrasts=contrasts,
        pairs=tuple(describe_contrast(design, c, samples) for c in contrasts.matrix.T),
        sets=joint_sets(contrasts, analysis.joint_tests, f"analysis {name}"),
        basis=basis,
        values=values,
        blocks=blocks,
        correlation=consensus_correlation(f"analysis {name}", values, basis, blocks),
        notes=(*chosen.notes, *_weight_notes(values, design.sample_ids)),
    )


def _weight_notes(values: Values, sample_ids: tuple[str, ...]) -> list[str]:
    """Say which samples count least, where samples are weighted."""
    if not isinstance(values, (SampleWeightedValues, ValuesInMemory)):
        return []
    weights = values.sample_weights
    if weights is None:
        return []
    least = np.argsort(weights, kind="stable")[:3]
    shown = ", ".join(f"{sample_ids[i]} {weights[i]:.2f}" for i in least)
    return [f"weights of samples {weights.min():.2f} to {weights.max():.2f}; the least: {shown}"]


def _contrasts(study: Study, name: str, analysis: Analysis, design: Design) -> Contrasts:
    """Read the contrasts; an error says in which analysis, and where in the expression."""
    try:
        return build_contrasts(design, analysis.contrasts, analysis.model, study)
    except AnalysisError as error:
        at = "" if error.column is None else f" (character {error.column} of the expression)"
        raise AnalysisError(
            f"analysis {name}, {error.problem}{at}",
            expected=error.expected,
            found=error.found,
            hint=error.hint,
        ) from error


def consensus_correlation(
    where: str, values: Values, basis: DesignBasis, blocks: Blocks | None
) -> float | None:
    """Return the consensus correlation within blocks; None without blocks.

    Parameters
    ----------
    where : str
        Begins the message.
    values : Values
    basis : DesignBasis
    blocks : Blocks or None

    Raises
    ------
    AnalysisError
        It cannot be estimated.
    """
    if blocks is None:
        return None
    try:
        return consensus(
            np.concatenate(
                [
                    correlation_of_rows(block.y, basis, blocks, block.weights)
                    for block in one_ahead(values.blocks())
                ]
            )
        )
    except ValueError as error:
        raise AnalysisError(
            f"{where}: the correlation within blocks cannot be estimated: {error}",
            expected="several blocks, some with more than one sample",
            found=f"{blocks.n_blocks} blocks over {len(blocks.codes)} samples",
            hint="leave `block` out of the model",
        ) from error
