"""The levels of a category, normally the subject, as fixed effects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from analyses.design.coding import read_category
from analyses.design.variables import Number, read_variable
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Study
from cohortmart.core.text import counted, joined
from cohortmart.core.types import Floats


@dataclass(frozen=True, eq=False)
class WithinColumns:
    """One column for each level.

    No level is left out as a reference: a mean would then silently be that of one person.

    Parameters
    ----------
    matrix : ndarray of shape (n_samples, n_levels)
        1 where the sample is of the level, else 0.
    columns : tuple of str
        Name and level: `subject7`.
    of_sample : tuple of str, length n_samples
    note : str
        What they absorb.
    """

    matrix: Floats
    columns: tuple[str, ...]
    of_sample: tuple[str, ...]
    note: str


def within_columns(
    samples: pl.DataFrame, name: str, terms: Iterable[str], study: Study, where: str
) -> WithinColumns:
    """Make the columns of `model.within`.

    Parameters
    ----------
    samples : DataFrame
        The chosen rows of `dim_sample`.
    name : str
        A category, normally subject.
    terms : iterable of str
        The other roles, factors and covariates of the model.
    study : Study
    where : str
        Begins the messages.

    Raises
    ------
    AnalysisError
        The name is unknown or a number, a value is missing, or no two samples share a level.
    """
    category = read_category(samples, name, study, f"{where}, within")
    n_levels = len(category.levels)
    if n_levels == samples.height or n_levels == 1:
        raise AnalysisError(
            f"{where}: nothing can be compared within `{name}`"
            if n_levels > 1
            else f"{where}: `{name}` is {category.levels[0]} in every chosen sample",
            expected=f"several levels of `{name}`, some with more than one sample",
            found=f"{counted(n_levels, 'level')} over {counted(samples.height, 'sample')}",
            hint="leave `within` out of the model, or choose more samples in `where`",
        )
    values = np.array(category.values)
    matrix = np.column_stack([(values == level) * 1.0 for level in category.levels])
    absorbed = [t for t in terms if _is_constant_within(samples, t, category.values, study, where)]
    note = f"`{name}` is in the model, so only differences within a {name} can be estimated"
    if absorbed:
        each = "which does" if len(absorbed) == 1 else "which do"
        note += f"; it absorbs {joined(absorbed)}, {each} not vary within one"
    columns = tuple(f"{name}{level}" for level in category.levels)
    return WithinColumns(matrix, columns, category.values, note)


def _is_constant_within(
    samples: pl.DataFrame, term: str, labels: tuple[str, ...], study: Study, where: str
) -> bool:
    variable = read_variable(samples, term, study, where)
    values = variable.values.tolist() if isinstance(variable, Number) else variable.values
    pairs = set(zip(labels, values, strict=True))
    return len(pairs) == len(set(labels))
