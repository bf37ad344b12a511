"""The variables of the sample sheet, as the statistics of samples need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analyses.stats.ordination.association import VariableFit, cross_table, fit_factor, fit_line
from cohortmart.core.types import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class Variable:
    """One column of `dim_sample`.

    Parameters
    ----------
    name : str
    kind : {"factor", "number"}
    values : ndarray of shape (n_samples,)
        Codes of the categories (int), or numbers (float).
    known : ndarray of shape (n_samples,), bool
    """

    name: str
    kind: str
    values: Ints | Floats
    known: Bools


@dataclass(frozen=True)
class Association:
    """How far two variables go together.

    Parameters
    ----------
    statistic : str
        Cramér's V, correlation ratio or Pearson correlation.
    n_samples : int
        In which both are known.
    strength : float
        0 to 1.
    p_value : float
    """

    statistic: str
    n_samples: int
    strength: float
    p_value: float


def read_variables(samples: pl.DataFrame, kinds: Mapping[str, str]) -> list[Variable]:
    """Read the variables that have more than one value in these samples.

    Parameters
    ----------
    samples : polars.DataFrame
        Rows of `dim_sample`.
    kinds : mapping of str to str
        See `cohortmart.core.study.variables.variable_kinds`.
    """
    found = []
    for name, kind in kinds.items():
        if kind == "number":
            column = samples[name].cast(pl.Float64)
            values = column.fill_null(float("nan")).to_numpy()
            known = np.isfinite(values)
            several = known.any() and np.ptp(values[known]) > 0
            variable = Variable(name, kind, values, known)
        else:
            text = samples[name].cast(pl.String)
            known = text.is_not_null().to_numpy()
            _, codes = np.unique(text.fill_null("").to_numpy(), return_inverse=True)
            several = len(np.unique(codes[known])) > 1
            variable = Variable(name, kind, codes.astype(np.int64), known)
        if several:
            found.append(variable)
    return found


def explained(responses: Floats, variable: Variable) -> tuple[int, VariableFit] | None:
    """Fit the responses on one variable, over the samples in which it is known.

    Parameters
    ----------
    responses : ndarray of shape (n_samples, n_responses)
    variable : Variable

    Returns
    -------
    int, VariableFit, or None
        Number of samples and fit; None where there are as many categories as samples.
    """
    fit = _fit(responses[variable.known], variable, variable.known)
    return None if fit is None else (int(variable.known.sum()), fit)


def _fit(responses: Floats, variable: Variable, chosen: Bools) -> VariableFit | None:
    values = variable.values[chosen]
    if variable.kind == "factor":
        return fit_factor(responses, values.astype(np.int64))
    return fit_line(responses, values.astype(np.float64))


def associated(first: Variable, second: Variable) -> Association | None:
    """Compare two variables over the samples in which both are known.

    Parameters
    ----------
    first, second : Variable

    Returns
    -------
    Association or None
        None where one of them does not vary, or has as many categories as samples.
    """
    both = first.known & second.known
    n = int(both.sum())
    if first.kind == second.kind == "factor":
        table = cross_table(*(v.values[both].astype(np.int64) for v in (first, second)))
        if table is None:
            return None
        return Association("Cramér's V", n, table.strength, table.p_value)
    number, other = (first, second) if first.kind == "number" else (second, first)
    response = number.values[both].astype(np.float64)[:, None]
    if not n or np.ptp(response) == 0:
        return None
    fit = _fit(response, other, both)
    if fit is None:
        return None
    statistic = "Pearson correlation" if other.kind == "number" else "correlation ratio"
    return Association(statistic, n, float(fit.r_squared[0] ** 0.5), float(fit.p_value[0]))


def pairs_of(variables: Sequence[Variable]) -> list[tuple[Variable, Variable]]:
    """Pair the variables, each with those behind it, the people left out.

    Parameters
    ----------
    variables : sequence of Variable
    """
    shown = [v for v in variables if v.name != "subject_id"]
    return [(a, b) for i, a in enumerate(shown) for b in shown[i + 1 :]]
