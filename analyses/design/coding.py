"""Columns of a model: one mean per combination of levels, and covariates."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from analyses.design.variables import Category, Number, read_variable
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Study
from cohortmart.core.text import joined, listed
from cohortmart.core.types import Floats


@dataclass(frozen=True)
class MeanColumns:
    """One mean per combination that has samples.

    Parameters
    ----------
    matrix : ndarray of shape (n_samples, n_means)
        1 where the sample belongs to the combination, else 0.
    levels : dict of str to tuple of str
        Name of each mean to its levels, in the order of the columns.
    of_sample : tuple of str, length n_samples
    absent : tuple of str
        Combinations of the study's levels without a chosen sample.
    empty : tuple of str
        Those of them whose levels do occur, but not together.
    notes : tuple of str
    """

    matrix: Floats
    levels: dict[str, tuple[str, ...]]
    of_sample: tuple[str, ...]
    absent: tuple[str, ...]
    empty: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class CovariateColumns:
    """Numbers as they are, and categories against their first level.

    Parameters
    ----------
    matrix : ndarray of shape (n_samples, n_columns)
    columns : tuple of str
    meanings : dict of str to str
        What each coefficient measures.
    notes : tuple of str
    variables : tuple of frozenset of str
        The covariate behind each column.
    constant : dict of str to str
        Covariates without a column, as they never vary, to their value.
    """

    matrix: Floats
    columns: tuple[str, ...]
    meanings: dict[str, str]
    notes: tuple[str, ...]
    variables: tuple[frozenset[str], ...] = ()
    constant: dict[str, str] = field(default_factory=dict)


def mean_columns(
    samples: pl.DataFrame, names: Sequence[str], study: Study, where: str
) -> MeanColumns:
    """Make one column per combination of levels that occurs.

    Parameters
    ----------
    samples : DataFrame
        The chosen rows of `dim_sample`.
    names : sequence of str
        Roles and factors.
    study : Study
    where : str
        Begins the messages.

    Raises
    ------
    AnalysisError
        A name is unknown or a number, a value is missing, or two combinations share a name.
    """
    factors = [read_category(samples, name, study, where) for name in names]
    of_sample = list(zip(*(f.values for f in factors), strict=True))
    occurring = set(of_sample)
    # groups and timepoints of the study that no chosen sample has are known names, too
    wide = {"group": study.groups, "timepoint": study.timepoints}
    ladders = (dict.fromkeys([*wide.get(f.name, ()), *f.levels]) for f in factors)
    every = [(".".join(parts), parts) for parts in itertools.product(*ladders)]
    levels = _named(((n, p) for n, p in every if p in occurring), where)
    absent = {n: p for n, p in every if n not in levels}
    empty = tuple(
        n
        for n, parts in absent.items()
        if all(p in f.levels for p, f in zip(parts, factors, strict=True))
    )
    place = {parts: i for i, parts in enumerate(levels.values())}
    matrix = np.zeros((samples.height, len(levels)))
    matrix[np.arange(samples.height), [place[parts] for parts in of_sample]] = 1.0
    note = (
        f"no sample is {joined(empty) if len(empty) < 5 else listed(empty)} among the "
        f"{samples.height} chosen, so the model has no mean for that"
    )
    return MeanColumns(
        matrix,
        levels,
        tuple(".".join(parts) for parts in of_sample),
        tuple(absent),
        empty,
        (note,) if empty else (),
    )


def _named(
    combinations: Iterable[tuple[str, tuple[str, ...]]], where: str
) -> dict[str, tuple[str, ...]]:
    levels: dict[str, tuple[str, ...]] = {}
    for label, parts in combinations:
        if label in levels:
            raise AnalysisError(
                f"{where}: two combinations are both named `{label}`",
                found=f"{levels[label]} and {parts}",
                hint="rename the levels, or leave one of the factors out of `means`",
            )
        levels[label] = parts
    return levels


def read_category(samples: pl.DataFrame, name: str, study: Study, where: str) -> Category:
    """Return a variable that must be a category.

    Parameters
    ----------
    samples : DataFrame
    name : str
    study : Study
    where : str
        Begins the messages.

    Raises
    ------
    AnalysisError
        The name is unknown or a number, or a value is missing.
    """
    variable = read_variable(samples, name, study, where)
    if isinstance(variable, Number):
        raise AnalysisError(
            f"{where}: `{name}` is a number, so it has no means",
            expected="roles and factors in `means` and `block`",
            hint=f"put `{name}` into `covariates`, or declare it in samples.factors",
        )
    return variable


def covariate_columns(
    samples: pl.DataFrame, names: Sequence[str], study: Study, where: str
) -> CovariateColumns:
    """Make the columns of the covariates; one that never varies is left out with a note.

    Parameters
    ----------
    samples : DataFrame
        The chosen rows of `dim_sample`.
    names : sequence of str
        Covariates, factors or roles.
    study : Study
    where : str
        Begins the messages.

    Raises
    ------
    AnalysisError
        A name is unknown, a value is missing, or two columns share a name.
    """
    made: list[tuple[str, Floats, str]] = []
    variables: list[frozenset[str]] = []
    fixed: dict[str, str] = {}
    for name in names:
        variable = read_variable(samples, name, study, where)
        if isinstance(variable, Number):
            constant = bool((variable.values == variable.values[0]).all())
            value = f"{variable.values[0]:g}"
            new = [(name, variable.values, f"change per unit of {name}")]
        else:
            constant, value = len(variable.levels) == 1, variable.levels[0]
            values = np.array(variable.values)
            new = [
                (f"{name}{level}", (values == level) * 1.0, f"{name} {level} minus {value}")
                for level in variable.levels[1:]
            ]
        if constant:
            fixed[name] = value
        else:
            made += new
            variables += [frozenset({name})] * len(new)
    columns = [column for column, _, _ in made]
    matrix = np.column_stack([v for _, v, _ in made]) if made else np.zeros((samples.height, 0))
    for column in columns:
        if columns.count(column) > 1:
            raise AnalysisError(f"{where}: two covariates give a column named `{column}`")
    return CovariateColumns(
        matrix,
        tuple(columns),
        meanings={c: m for c, _, m in made},
        notes=tuple(
            f"`{n}` is {v} in every chosen sample and was left out" for n, v in fixed.items()
        ),
        variables=tuple(variables),
        constant=fixed,
    )
