"""Explained changes: what `explained_by` will part, and why it would refuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import duckdb
import numpy as np
import polars as pl

from analyses.design.model_matrix import Design
from analyses.explained.contrasts import NamedContrasts, parted_contrasts
from analyses.explained.variables import explaining_variables
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.text import counted, joined
from cohortmart.core.types import Floats


class _Contrast(Protocol):
    """What is asked of a contrast."""

    @property
    def name(self) -> str: ...
    @property
    def expression(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def weights(self) -> Floats | None: ...


def check_explained(
    con: duckdb.DuckDBPyConnection,
    analysis: Analysis,
    study: Study,
    design: Design,
    samples: pl.DataFrame,
    contrasts: Sequence[_Contrast],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Try what `explained_by` of an analysis demands of its samples.

    Parameters
    ----------
    con : DuckDBPyConnection
        Has `dim_sample`, `qc_sample` and `dim_measure`.
    analysis : Analysis
    study : Study
    design : Design
    samples : DataFrame
        The chosen rows of `dim_sample`, in the order of the design.
    contrasts : sequence
        Those with weights are tried.

    Returns
    -------
    refusals, notes : tuple of str
        Both empty where nothing is to be explained.
    """
    options = analysis.explained_by
    made = [(c.name, c.expression, c.weights, c.kind) for c in contrasts if c.weights is not None]
    if options is None or not made:
        return (), ()
    names, expressions, weights, kinds = zip(*made, strict=True)
    named = NamedContrasts(names, expressions, np.column_stack(weights), kinds)
    try:
        variables = explaining_variables(
            con, samples, options.variables, study, "", before_values=True
        )
        parted = parted_contrasts("", design, named, variables, options.contrasts)
    except AnalysisError as error:
        return (str(error),), ()
    said = (
        f"explained_by: {counted(len(parted.names), 'contrast')} within "
        f"{design.nouns.subject.many} will be parted into what {_quoted(options.variables)} "
        f"{'explains' if len(options.variables) == 1 else 'explain'} and what remains, on "
        f"{counted(len(variables.kept), 'sample')}"
    )
    later = [name for name in options.variables if name not in variables.names]
    tried = [f"values of {_quoted(later)} come with the run"] if later else []
    return (), tuple(note for note in (said, *variables.notes, *tried, parted.note) if note)


def _quoted(names: Sequence[str]) -> str:
    return joined([f"`{name}`" for name in names])
