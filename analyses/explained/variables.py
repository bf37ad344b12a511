"""The variables that may explain a change: their values, and the samples that have all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl

from analyses.design.variables import Number, read_variable
from analyses.load.measured_covariates import (
    measured_names,
    with_measured,
    without_unmeasured,
)
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Study
from cohortmart.core.text import counted, joined, listed
from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True, eq=False)
class ExplainingVariables:
    """Variables of the samples of an analysis that have all of them.

    Parameters
    ----------
    names : tuple of str
    values : ndarray of shape (n_kept, n_variables)
    kept : ndarray of int of shape (n_kept,)
        Rows of the samples.
    people : tuple of str, length n_kept
    notes : tuple of str
        Which samples were left out.
    """

    names: tuple[str, ...]
    values: Floats
    kept: Ints
    people: tuple[str, ...]
    notes: tuple[str, ...]


def explaining_variables(
    con: duckdb.DuckDBPyConnection,
    samples: pl.DataFrame,
    names: Sequence[str],
    study: Study,
    where: str,
    *,
    before_values: bool = False,
) -> ExplainingVariables:
    """Read the variables; a sample without a value of one is left out.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    samples : DataFrame
        Rows of `dim_sample`, in the order of the design.
    names : sequence of str
        Covariates of the sheet, and numbers of assays.
    study : Study
    where : str
        Begins the messages: "analysis NAME: ", or nothing.
    before_values : bool
        The assays' numbers are not known yet, only their samples: these variables are passed over.

    Raises
    ------
    AnalysisError
        A variable is unknown, a category or infinite, or no sample has all of them.
    """
    place = f"{where}`explained_by`"
    measured = [name.written for name in measured_names(names, study)]
    kept, notes = _with_covariates(
        samples.with_row_index("place_in_design"), [n for n in names if n not in measured]
    )
    if kept.height:
        read = without_unmeasured if before_values else with_measured
        kept, further = read(con, kept, measured, study, place)
        notes += further
    if kept.height == 0:
        raise AnalysisError(
            f"{place}: no sample has a value of {joined([f'`{n}`' for n in names])}",
            expected="samples with all variables",
            found=f"none of {counted(samples.height, 'sample')}",
            hint="take out the variable that few samples have",
        )
    known = [name for name in names if not (before_values and name in measured)]
    return ExplainingVariables(
        names=tuple(known),
        values=np.column_stack(
            [np.empty((kept.height, 0)), *(_number(kept, name, study, place) for name in known)]
        ),
        kept=kept["place_in_design"].to_numpy().astype(np.int64),
        people=tuple(kept["subject_id"].to_list()),
        notes=tuple(notes),
    )


def _with_covariates(samples: pl.DataFrame, names: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    """Leave out samples without one of these columns; what is no column is named later."""
    notes = []
    for name in names:
        if name not in samples.columns or not samples.schema[name].is_numeric():
            break
        value = samples[name].cast(pl.Float64)
        there = (value.is_not_null() & value.is_not_nan()).fill_null(False)
        lacking = sorted(samples["sample_id"].filter(~there).to_list())
        if lacking:
            notes.append(
                f"{counted(len(lacking), 'sample')} left out, without a value of `{name}`: "
                f"{listed(lacking, 5)}"
            )
            samples = samples.filter(there)
    return samples, notes


def _number(samples: pl.DataFrame, name: str, study: Study, where: str) -> Floats:
    variable = read_variable(samples, name, study, where)
    if isinstance(variable, Number):
        return variable.values
    raise AnalysisError(
        f"{where}: `{name}` is a category, and only the change of a number can be told",
        expected="a covariate of the sample sheet, or ASSAY.FEATURE of a continuous assay",
        found=f"the levels {listed(variable.levels, 5)}",
        hint=f"put `{name}` into the model in place of `explained_by`",
    )
