"""Variance partition of an analysis: how bound to the person every feature is, and to what else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from analyses.fingerprints import fitted_again
from analyses.fit.prepare import ModelInputs, Preparation
from analyses.stats.linear.basis import DesignBasis
from analyses.stats.mixed.blocks import Blocks, make_blocks
from analyses.stats.mixed.variance_partition import (
    partition_matrices,
    subject_share,
    variance_partition,
)
from analyses.step import Made, Step
from analyses.variance.variables import PartedVariables, parted_variables
from analyses.write.columns import table_of
from cohortmart.core.errors import AnalysisError
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.study.model_records import VariancePartition
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.types import Floats

#: What is left when variables and people have their shares.
RESIDUAL = "residual"


@dataclass(frozen=True, eq=False)
class _People:
    """The people of a model; `blocks` has one for each sample where there are none."""

    name: str | None
    blocks: Blocks


def variance_tables(
    preparation: Preparation, say: Callable[[str], None]
) -> dict[str, Iterable[pa.Table]]:
    """Part the variance of every feature among variables, people and noise.

    Parameters
    ----------
    preparation : Preparation
    say : callable
        Takes one line of progress.

    Returns
    -------
    dict of str to iterable of pyarrow.Table
        `feature_variance` and `variance_part`.

    Raises
    ------
    AnalysisError
        A variable cannot be used, or the design leaves nothing to part.
    """
    study, name, analysis = preparation.study, preparation.name, preparation.analysis
    inputs, where = preparation.inputs(), f"analysis {name}: variance_partition"
    wanted = (analysis.variance_partition or VariancePartition()).variables
    people = _people(analysis, inputs)
    variables = parted_variables(inputs.design, inputs.samples, study, people.name, wanted, where)
    for note in variables.notes:
        say(note)
    try:
        ids, own, shares = _parted(inputs, variables, people)
    except ValueError as error:
        raise AnalysisError(f"{where}: {error}") from error
    return {
        "feature_variance": [_feature_rows(name, ids, own, shares, people)],
        "variance_part": _part_rows(name, ids, shares, variables, people),
    }


def _people(analysis: Analysis, inputs: ModelInputs) -> _People:
    """Return the blocks of a model, or those whose levels `within` puts into it."""
    name, design = analysis.model.block or analysis.model.within, inputs.design
    if inputs.blocks is not None:
        return _People(name, inputs.blocks)
    labels = design.sample_ids if design.within is None else design.categories[design.within]
    return _People(name, make_blocks(list(labels)))


def _parted(
    inputs: ModelInputs, variables: PartedVariables, people: _People
) -> tuple[pa.Array, Floats, Floats]:
    """Ids, share of the people with its interval (n, 3), and shares of the whole."""
    forms = partition_matrices(variables.basis, variables.columns)
    own_basis: DesignBasis | None = inputs.design.own_basis if variables.further else None
    ids, own, shares = [], [], []
    for block in one_ahead(inputs.values.blocks()):
        found = variance_partition(block.y, variables.basis, forms, people.blocks, block.weights)
        share = (found.subject_share, found.low, found.high)
        if own_basis is not None and people.name is not None:
            share = subject_share(block.y, own_basis, people.blocks, block.weights)
        ids.append(block.feature_ids)
        own.append(np.column_stack(share))
        shares.append(found.shares)
    return pa.concat_arrays(ids), np.concatenate(own), np.concatenate(shares)


def _feature_rows(
    analysis: str, ids: pa.Array, own: Floats, shares: Floats, people: _People
) -> pa.Table:
    """Give the rows of `feature_variance`; without a share they say why."""
    fault: Any = "the model has neither `block` nor `within`"
    if people.name is not None:
        lacking = "too few values, or none that vary, to tell people from noise"
        fault = pa.array([lacking if np.isnan(s) else None for s in own[:, 0]], pa.string())
    return table_of(
        "feature_variance",
        {
            "analysis": analysis,
            "feature_id": ids,
            "subject_share": own[:, 0],
            "subject_share_low": own[:, 1],
            "subject_share_high": own[:, 2],
            "residual_share": shares[:, -1],
            "fault": fault,
        },
    )


def _part_rows(
    analysis: str, ids: pa.Array, shares: Floats, variables: PartedVariables, people: _People
) -> Iterator[pa.Table]:
    """Yield the rows of `variance_part`: variables, their combinations, the people, the rest."""
    n = len(variables.names)
    parts = [*zip(variables.names, range(n), strict=True)]
    if variables.combinations:
        parts.append((variables.combinations, n))
    if people.name is not None:
        parts.append((people.name, n + 1))
    for order, (variable, j) in enumerate([*parts, (RESIDUAL, n + 2)]):
        yield table_of(
            "variance_part",
            {
                "analysis": analysis,
                "feature_id": ids,
                "variable": variable,
                "variable_order": order,
                "share": shares[:, j],
            },
        )


def _options(study: Study, name: str) -> Any:
    wanted = study.analyses[name].variance_partition or VariancePartition()
    return wanted.model_dump(mode="json")


VARIANCE = Step(
    name="variance",
    title="",
    tables=("feature_variance", "variance_part"),
    options=_options,
    inputs=fitted_again,
    make=lambda run: Made(variance_tables(run.preparation, run.say)),
)
