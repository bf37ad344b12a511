"""The inputs of a model: samples, design, contrasts, values and their correlation in blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
import polars as pl

from analyses.design.contrasts import Contrasts, build_contrasts
from analyses.design.joint_tests import joint_sets
from analyses.design.model_matrix import Design
from analyses.design.subject_pairs import ContrastPairs, describe_contrast
from analyses.fit.response import (
    ReadCounts,
    SampleWeightedValues,
    Values,
    ValuesInMemory,
    values_of,
)
from analyses.fit.sample_design import ChosenDesign, chosen_design
from analyses.load.normalised_counts import NormalisedCounts, normalised_counts
from analyses.stats.linear.basis import DesignBasis
from analyses.stats.mixed.block_correlation import consensus, correlation_of_rows
from analyses.stats.mixed.blocks import Blocks, make_blocks
from cohortmart.core.errors import AnalysisError
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.study.records import STEP_KEYS, Analysis, Study

#: What of an analysis does not reach its samples, design, values and consensus correlation.
_AFTER_VALUES = STEP_KEYS | {
    "contrasts", "joint_tests", "moderation", "contrast_errors", "rebound",
}  # fmt: skip


MakeValues = Callable[[pl.DataFrame, Design, Blocks | None], Values]


@dataclass(frozen=True, eq=False)
class ModelInputs:
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


class Preparation:
    """The inputs of an analysis' model, prepared once however many steps ask for them.

    Betas are streamed anew by each, so that nothing of the size of their matrix is kept.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse, read-only.
    study : Study
    name : str
        Of an analysis of the study.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, study: Study, name: str) -> None:
        self.con, self.study, self.name = con, study, name
        self.analysis = study.analyses[name]
        self._own: ModelInputs | None = None
        self._counts: tuple[object, NormalisedCounts] | None = None

    def inputs(self) -> ModelInputs:
        """Return the inputs of the analysis as it is.

        Raises
        ------
        AnalysisError
            The samples, the model or a contrast do not allow it; the message says why.
        """
        if self._own is None:
            self._own = self._prepared(self.analysis)
        return self._own

    def inputs_of(self, variant: Analysis, chosen: ChosenDesign) -> ModelInputs:
        """Return the inputs of the analysis with another model, or with other contrasts.

        Parameters
        ----------
        variant : Analysis
        chosen : ChosenDesign
            Its samples and design.

        Raises
        ------
        AnalysisError
            The model or a contrast do not allow it.
        """
        if _before_contrasts(variant) != _before_contrasts(self.analysis):
            return self._prepared(variant, chosen)
        own = self.inputs()
        contrasts = _contrasts(self.study, self.name, variant, own.design)
        return replace(
            own,
            contrasts=contrasts,
            pairs=_pairs(own.design, contrasts, own.samples),
            sets=joint_sets(contrasts, variant.joint_tests, f"analysis {self.name}"),
        )

    def _prepared(self, analysis: Analysis, chosen: ChosenDesign | None = None) -> ModelInputs:
        # variants of the model are fitted to the same counts
        read = self._shared_counts if self.analysis.sensitivity else normalised_counts
        return prepare(self.con, self.study, self.name, analysis, chosen, read)

    def _shared_counts(
        self,
        con: duckdb.DuckDBPyConnection,
        name: str,
        analysis: Analysis,
        sample_ids: Sequence[str],
        groups: Sequence[str] | None,
    ) -> NormalisedCounts:
        """Read counts, filter and normalise them; those of the first model that asks are kept."""
        asked = (
            analysis.assay, analysis.filter, analysis.normalisation_samples, tuple(sample_ids),
            # without the filter nobody looks at the groups
            None if groups is None or analysis.filter == "none" else tuple(groups),
        )  # fmt: skip
        if self._counts is not None and self._counts[0] == asked:
            return self._counts[1]
        counts = normalised_counts(con, name, analysis, sample_ids, groups)
        self._counts = self._counts or (asked, counts)
        return counts


def _before_contrasts(analysis: Analysis) -> dict[str, Any]:
    """Return what decides samples, design, values and consensus correlation."""
    asked = analysis.model_dump(exclude=set(_AFTER_VALUES))
    # values, blocks and consensus are the same where features have correlations of their own
    asked["model"].pop("correlation")
    asked["model"].pop("df")
    return asked


def prepare(
    con: duckdb.DuckDBPyConnection,
    study: Study,
    name: str,
    analysis: Analysis,
    chosen: ChosenDesign | None = None,
    read_counts: ReadCounts = normalised_counts,
) -> ModelInputs:
    """Read what a model needs and estimate the correlation within its blocks.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse, read-only.
    study : Study
    name : str
        Of the analysis.
    analysis : Analysis
    chosen : ChosenDesign, optional
        Its samples and design, where they are known.
    read_counts : callable
        `normalised_counts`, or what gives the same.

    Raises
    ------
    AnalysisError
        The samples, the model or a contrast do not allow it; the message says why.
    """
    chosen = chosen or chosen_design(con, study, name, analysis)

    def make_values(samples: pl.DataFrame, design: Design, blocks: Blocks | None) -> Values:
        return values_of(
            con, study, name, analysis, samples, design, design.basis, blocks, read_counts
        )

    return inputs_on(study, name, analysis, chosen, make_values)


def inputs_on(
    study: Study, name: str, analysis: Analysis, chosen: ChosenDesign, make_values: MakeValues
) -> ModelInputs:
    """Return the inputs of a model whose samples and design are known.

    Parameters
    ----------
    study : Study
    name : str
        Of the analysis.
    analysis : Analysis
    chosen : ChosenDesign
    make_values : callable
        Gives the values of these samples, design and blocks.

    Raises
    ------
    AnalysisError
        The values, the model or a contrast do not allow it; the message says why.
    """
    samples, design = chosen.samples, chosen.design
    contrasts = _contrasts(study, name, analysis, design)
    basis = design.basis
    blocks = None if design.blocks is None else make_blocks(design.blocks.tolist())
    values = make_values(samples, design, blocks)
    return ModelInputs(
        samples=samples,
        design=design,
        contrasts=contrasts,
        pairs=_pairs(design, contrasts, samples),
        sets=joint_sets(contrasts, analysis.joint_tests, f"analysis {name}"),
        basis=basis,
        values=values,
        blocks=blocks,
        correlation=consensus_correlation(f"analysis {name}", values, basis, blocks),
        notes=(*chosen.notes, *_weight_notes(values, design.sample_ids)),
    )


def _pairs(
    design: Design, contrasts: Contrasts, samples: pl.DataFrame
) -> tuple[ContrastPairs, ...]:
    return tuple(describe_contrast(design, c, samples) for c in contrasts.matrix.T)


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
