"""The variables that may explain a change: their values, and the samples that have all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analyses.design.variables import Number, read_variable
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
    samples: pl.DataFrame, names: Sequence[str], study: Study, where: str
) -> ExplainingVariables:
    """Read the variables; a sample without a value of one is left out.

    Parameters
    ----------
    samples : DataFrame
        Rows of `dim_sample`, in the order of the design.
    names : sequence of str
        Covariates.
    study : Study
    where : str
        Begins the messages: "analysis NAME: ", or nothing.

    Raises
    ------
    AnalysisError
        A variable is unknown, a category or infinite, or no sample has all of them.
    """
    place = f"{where}`explained_by`"
    rows = samples.with_row_index("place_in_design")
    kept, notes = rows, []
    for name in names:
        if name not in samples.columns or not samples.schema[name].is_numeric():
            break  # read_variable says why
        value = kept[name].cast(pl.Float64)
        there = (value.is_not_null() & value.is_not_nan()).fill_null(False)
        lacking = sorted(kept["sample_id"].filter(~there).to_list())
        if lacking:
            notes.append(
                f"{counted(len(lacking), 'sample')} without `{name}` left out: {listed(lacking, 5)}"
            )
            kept = kept.filter(there)
    if kept.height == 0:
        raise AnalysisError(
            f"{place}: no sample has a value of {joined([f'`{n}`' for n in names])}",
            expected="samples with all variables",
            found=f"none of {counted(samples.height, 'sample')}",
            hint="take out the variable that few samples have",
        )
    return ExplainingVariables(
        names=tuple(names),
        values=np.column_stack([_number(kept, name, study, place) for name in names]),
        kept=kept["place_in_design"].to_numpy().astype(np.int64),
        people=tuple(kept["subject_id"].to_list()),
        notes=tuple(notes),
    )


def _number(samples: pl.DataFrame, name: str, study: Study, where: str) -> Floats:
    variable = read_variable(samples, name, study, where)
    if isinstance(variable, Number):
        return variable.values
    raise AnalysisError(
        f"{where}: `{name}` is a category, and only the change of a number can be told",
        expected="a covariate of the sample sheet",
        found=f"the levels {listed(variable.levels, 5)}",
        hint=f"put `{name}` into the model in place of `explained_by`",
    )
