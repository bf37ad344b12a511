"""The columns of a Wilkinson formula such as ``0 + group:timepoint + age``."""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import polars as pl

from analyses.design.coefficient_names import (
    Spelling,
    spellings_of_cells,
    spellings_of_columns,
)
from analyses.design.formula_safety import variables_of_code
from analyses.design.variables import Category, Number, read_variable
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import ROLE_COLUMNS, Study
from cohortmart.core.study.variables import measured_name
from cohortmart.core.text import did_you_mean, listed
from cohortmart.core.types import Floats


@dataclass(frozen=True, eq=False)
class FormulaColumns:
    """What a formula gives on the chosen samples.

    Parameters
    ----------
    matrix : ndarray of shape (n_samples, n_coefficients)
        Finite, without columns of zeros.
    columns : tuple of str
        formulaic's names, e.g. ``Intercept``, ``group[T.MS]``.
    absent : tuple of str
        Columns of zeros that were dropped.
    empty : tuple of str
        Crossed levels without a sample, e.g. ``HP.BP``.
    notes : tuple of str
    column_variables : tuple of frozenset of str
        Roles, factors and covariates behind each column.
    categories : dict of str to tuple of str
        Each sample's level of every category in the formula.
    spellings : dict of str to Spelling
        Other names of columns, and of the means that they imply.
    """

    matrix: Floats
    columns: tuple[str, ...]
    absent: tuple[str, ...]
    empty: tuple[str, ...]
    notes: tuple[str, ...]
    column_variables: tuple[frozenset[str], ...]
    categories: dict[str, tuple[str, ...]]
    spellings: dict[str, Spelling]


def formula_columns(
    samples: pl.DataFrame, formula: str, study: Study, apart: Sequence[str | None], where: str
) -> FormulaColumns:
    """Evaluate a formula over roles, factors and covariates.

    Parameters
    ----------
    samples : DataFrame
        The chosen rows of `dim_sample`.
    formula : str
        The right-hand side only. Groups and timepoints are coded in the order of study.yml,
        so the first level that occurs is the reference; other categories are sorted.
    study : Study
    apart : sequence of str or None
        The block and `within`, which must not stand in the formula as well.
    where : str
        Begins the messages.

    Raises
    ------
    AnalysisError
        The formula cannot be read, names something unknown, holds Python outside the allowed
        functions, or gives values that are missing or not finite.
    """
    parsed = _parse(formula, where)
    known = [*ROLE_COLUMNS, *study.factors, *study.covariates]
    known += [name for name in samples.columns if measured_name(name, study) is not None]
    names = _variables(parsed, known, formula, where)
    for name, key in zip(apart, ("the block", "`within`"), strict=True):
        if name in names:
            raise AnalysisError(
                f"{where}: `{name}` is both in the formula and {key}",
                found=formula,
                hint=f"take it out of one: in the formula it leaves {key} nothing to explain",
            )
    frame, single = _frame(samples, sorted(names), study, where)
    matrix, columns, variables = _evaluate(parsed, frame, formula, where)
    _refuse_not_finite(matrix, columns, samples, where)
    filled = np.any(matrix != 0, axis=0)
    absent = tuple(c for c, keep in zip(columns, filled, strict=True) if not keep)
    empty = _empty_crossings(parsed, frame)
    notes = list(single)
    if empty:
        notes.append(f"no sample is {listed(empty)} among the {samples.height} chosen")
    elif absent:
        notes.append(
            f"no chosen sample has {listed(absent)}, so the model has no coefficient for that"
        )
    kept = tuple(c for c, keep in zip(columns, filled, strict=True) if keep)
    categories = {n: tuple(frame[n].to_list()) for n in names if frame.schema[n] != pl.Float64}
    of_kept = tuple(v for v, keep in zip(variables, filled, strict=True) if keep)
    left = np.ascontiguousarray(matrix[:, filled])
    cells = spellings_of_cells(formula, left, kept, of_kept, categories)
    return FormulaColumns(
        left,
        kept,
        absent,
        empty,
        tuple(notes),
        column_variables=of_kept,
        categories=dict(sorted(categories.items())),
        spellings=cells | spellings_of_columns(kept),
    )


def _parse(formula: str, where: str) -> Any:
    from formulaic import Formula, SimpleFormula  # takes seconds to import
    from formulaic.errors import FormulaicError

    if not formula.strip():
        raise AnalysisError(f"{where}: the formula is empty", hint='for example "~ 0 + group"')
    # parsing evaluates nothing; the terms are inspected before anything is
    try:
        parsed = Formula(formula)
    except (FormulaicError, SyntaxError, ValueError) as error:
        _unreadable(error, formula, where)
    if not isinstance(parsed, SimpleFormula):
        raise AnalysisError(
            f"{where}: the formula has more than one part",
            expected="the right-hand side only, e.g. `0 + group:timepoint`",
            found=formula,
        )
    return parsed


def _unreadable(error: Exception, formula: str, where: str) -> NoReturn:
    # formulaic colours its message and marks the place with ⧛ ⧚
    text = _uncoloured(error)
    shown = text.splitlines()[-1]
    column = shown.find("⧛") + 1
    problem = re.split(r"\.\s|\n", text)[0].rstrip(".")
    raise AnalysisError(
        f"{where}: the formula cannot be read: {problem}", column=column or None, found=formula
    ) from error


def _uncoloured(error: Exception) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip().strip("'\"")


def _variables(parsed: Any, known: list[str], formula: str, where: str) -> set[str]:
    """Return the columns used; refuse everything that is not known to be harmless."""
    names: set[str] = set()
    for factor in (f for term in parsed for f in term.factors):
        kind = factor.eval_method.value
        if kind == "python":
            names |= variables_of_code(factor.expr, known, where)
        elif kind == "lookup":
            if factor.expr not in known:
                raise AnalysisError(
                    f"{where}: `{factor.expr}` in the formula is neither a role nor a declared "
                    "column",
                    expected=f"one of {listed(known)}",
                    found=formula,
                    hint=did_you_mean(factor.expr, known)
                    or "declare it in samples.factors or samples.covariates",
                )
            names.add(factor.expr)
        elif factor.expr != "1":  # formulaic would scale a term and not say so in its name
            raise AnalysisError(
                f"{where}: `{factor.expr}` is not allowed in a formula",
                found=formula,
                hint="numbers may stand in a function or in braces, as in {2 * age}",
            )
    return names


def _frame(
    samples: pl.DataFrame, names: list[str], study: Study, where: str
) -> tuple[pl.DataFrame, list[str]]:
    """Collect the variables, categories with their levels in the order of the study."""
    columns: list[pl.Series] = []
    single: list[str] = []
    for name in names:
        match read_variable(samples, name, study, where):
            case Category(values=texts, levels=levels):
                columns.append(pl.Series(name, texts, dtype=pl.Enum(levels)))
                if len(levels) == 1:
                    single.append(f"`{name}` is {levels[0]} in every chosen sample")
            case Number(values=numbers):
                if (numbers == numbers[0]).all():
                    raise AnalysisError(
                        f"{where}: `{name}` in the formula is {numbers[0]:g} in every chosen "
                        "sample",
                        expected="a covariate that differs between samples",
                        hint=f"take `{name}` out, or choose other samples in `where`",
                    )
                columns.append(pl.Series(name, numbers))
    # a formula such as `1` has no variable, but its matrix still needs its rows
    rows = pl.Series("", np.zeros(samples.height))
    return pl.DataFrame([*columns, rows]), single


def _empty_crossings(parsed: Any, frame: pl.DataFrame) -> tuple[str, ...]:
    """Levels that terms of the formula cross and no sample has together."""
    kinds = {name: kind for name, kind in frame.schema.items() if isinstance(kind, pl.Enum)}
    found: list[str] = []
    for term in parsed:
        crossed = {f.expr: kinds[f.expr] for f in term.factors if f.expr in kinds}
        if len(crossed) > 1:
            seen = set(frame.select(list(crossed)).iter_rows())
            every = itertools.product(*(kind.categories.to_list() for kind in crossed.values()))
            found += [".".join(p) for p in every if p not in seen]
    return tuple(dict.fromkeys(found))


def _evaluate(
    parsed: Any, frame: pl.DataFrame, formula: str, where: str
) -> tuple[Floats, tuple[str, ...], list[frozenset[str]]]:
    """Return the matrix, the names of its columns and the variables behind each."""
    from formulaic.errors import DataMismatchWarning

    try:
        # values that are not finite are refused by name below; a level that a `levels=` forgot
        # would become zeros with only a warning
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error", DataMismatchWarning)
            made = parsed.get_model_matrix(
                frame, context={}, na_action="ignore", output="numpy", ensure_full_rank=True
            )
    except Exception as error:  # whatever a transform raises on these values is the user's
        problem = [*_uncoloured(error).splitlines(), type(error).__name__]
        raise AnalysisError(
            f"{where}: the formula cannot be evaluated: {problem[0]}",
            found=formula,
        ) from error
    columns = tuple(str(c) for c in made.model_spec.column_names)
    spec = made.model_spec
    variables: list[frozenset[str]] = [frozenset()] * len(columns)
    for term, places in spec.term_indices.items():
        behind = frozenset(str(v) for v in spec.term_variables[term]) & frozenset(frame.columns)
        for place in places:
            variables[place] = behind
    matrix = np.asarray(made, dtype=np.float64).reshape(frame.height, len(columns))
    return matrix, columns, variables


def _refuse_not_finite(
    matrix: Floats, columns: tuple[str, ...], samples: pl.DataFrame, where: str
) -> None:
    bad = ~np.isfinite(matrix)
    if not bad.any():
        return
    column = columns[int(np.flatnonzero(bad.any(axis=0))[0])]
    lacking = sorted(samples["sample_id"].filter(pl.Series(bad.any(axis=1))).to_list())
    raise AnalysisError(
        f"{where}: `{column}` of the formula is not a finite number for every sample",
        found=f"not for {listed(lacking, 5)}",
        hint="leave these samples out in `where`, or change the formula (log of zero?)",
    )
