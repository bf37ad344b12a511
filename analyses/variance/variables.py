"""Variables among which the variance is parted: those of the model, and factors of the study."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analyses.design.design import Design
from analyses.design.variables import Category, Number, read_variable
from analyses.stats.linear.basis import DesignBasis, design_basis
from analyses.stats.mixed.variance_partition import MOST_VARIABLES
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Study
from cohortmart.core.text import joined
from cohortmart.core.types import Floats


@dataclass(frozen=True, eq=False)
class PartedVariables:
    """Variables and the design that holds them all.

    Parameters
    ----------
    names : tuple of str
        Those of the model first.
    columns : tuple of ndarray of shape (n_samples, n_levels or 1)
        Indicators of the levels, or the number, of each.
    combinations : str
        Variables whose means are their combinations: `group x timepoint`; empty where there are
        none.
    basis : DesignBasis
        Of the design of the model, without its people, and the columns of further variables.
    further : bool
        Whether there are such.
    notes : tuple of str
        What was left out and why.
    """

    names: tuple[str, ...]
    columns: tuple[Floats, ...]
    combinations: str
    basis: DesignBasis
    further: bool
    notes: tuple[str, ...]


def parted_variables(
    design: Design,
    samples: pl.DataFrame,
    study: Study,
    people: str | None,
    wanted: Sequence[str] | None,
    where: str,
) -> PartedVariables:
    """Find the variables of a model, and further ones.

    Parameters
    ----------
    design : Design
    samples : DataFrame
        Rows of `dim_sample`, in the order of the design.
    study : Study
    people : str or None
        The category that is the people; it is no variable.
    wanted : sequence of str or None
        Variables beside those of the model; None = the factors of the study that have a value for
        every sample. Left out, those that were asked for with a note, are variables that would
        leave less than half of the residual degrees of freedom.
    where : str
        Begins the messages.

    Raises
    ------
    AnalysisError
        A wanted variable is unknown, or has no value for a sample.
    """
    own = design.matrix[:, : design.n_own]
    behind = design.column_variables[: design.n_own]
    names = [n for n in _in_order(behind) if n != people]
    columns = [_columns_of_model(n, design, samples, study, where) for n in names]
    crossed = _in_order(v for v in behind if len(v) > 1)
    matrix, basis, notes = own, design.own_basis, []
    free = len(own) - basis.rank
    for name in study.factors if wanted is None else wanted:
        if name in names or name == people:
            continue
        try:
            variable = read_variable(samples, name, study, where)
        except AnalysisError:
            if wanted is not None:
                raise
            continue
        added = _indicators(variable)
        if _varies(added):
            larger = design_basis(np.hstack([matrix, added]))
            if 2 * (len(own) - larger.rank) < free or len(names) == MOST_VARIABLES:
                if wanted is not None:
                    notes.append(f"`{name}` is no part of the variance: too few samples for it")
                continue
            matrix, basis = np.hstack([matrix, added]), larger
            names.append(name)
            columns.append(added)
    return PartedVariables(
        names=tuple(names[:MOST_VARIABLES]),
        columns=tuple(columns[:MOST_VARIABLES]),
        combinations=" x ".join(crossed),
        basis=basis,
        further=basis.rank > design.own_basis.rank,
        notes=tuple(notes + _too_many(names)),
    )


def _too_many(names: Sequence[str]) -> list[str]:
    """Say which variables of a large model have no part of their own."""
    rest = names[MOST_VARIABLES:]
    if not rest:
        return []
    return [f"{joined(rest)}: parts of the variance together, as what is left of the model"]


def _in_order(behind: Iterable[frozenset[str]]) -> list[str]:
    """Each variable once; those of one column by name."""
    return list(dict.fromkeys(name for of_column in behind for name in sorted(of_column)))


def _columns_of_model(
    name: str, design: Design, samples: pl.DataFrame, study: Study, where: str
) -> Floats:
    """Return indicators of a category; of a number its own columns, or itself where it has none."""
    if name in design.categories:
        return _indicators(Category(name, design.categories[name], ()))
    alone = [j for j, v in enumerate(design.column_variables[: design.n_own]) if v == {name}]
    if alone:
        return design.matrix[:, alone]
    return _indicators(read_variable(samples, name, study, where))


def _indicators(variable: Category | Number) -> Floats:
    if isinstance(variable, Number):
        return variable.values[:, None]
    _, codes = np.unique(np.array(variable.values), return_inverse=True)
    return np.asarray(np.eye(codes.max() + 1)[codes])


def _varies(columns: Floats) -> bool:
    return bool((np.ptp(columns, axis=0) > 0).any())
