"""The variables of a model: which column each name means, its values and its levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import ROLE_COLUMNS, Study
from cohortmart.core.study.variables import measured_name, variable_kinds
from cohortmart.core.text import did_you_mean, listed
from cohortmart.core.types import Floats


@dataclass(frozen=True)
class Category:
    """A categorical variable of the chosen samples.

    Parameters
    ----------
    name : str
        As the model names it.
    values : tuple of str, length n_samples
    levels : tuple of str
        Those that occur: groups and timepoints in the order of study.yml, others sorted.
    """

    name: str
    values: tuple[str, ...]
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Number:
    """A numeric variable of the chosen samples.

    Parameters
    ----------
    name : str
    values : ndarray of shape (n_samples,)
        Finite.
    """

    name: str
    values: Floats


def read_variable(samples: pl.DataFrame, name: str, study: Study, where: str) -> Category | Number:
    """Return the variable that a model calls `name`.

    Parameters
    ----------
    samples : DataFrame
        The chosen rows of `dim_sample`.
    name : str
        A role, a factor or a covariate, or a number of an assay that is one of the columns.
    study : Study
        Says which names there are and the order of groups and timepoints.
    where : str
        Begins the messages: which analysis, which key.

    Raises
    ------
    AnalysisError
        The name is unknown, or chosen samples have no value or an infinite one for it.
    """
    if name in samples.columns and measured_name(name, study) is not None:
        return _number(samples, name, where)
    known = [*ROLE_COLUMNS, *study.factors, *study.covariates]
    if name not in known:
        raise AnalysisError(
            f"{where}: `{name}` is neither a role nor a declared column",
            expected=f"one of {listed(known)}",
            hint=did_you_mean(name, known) or "declare it in samples.factors or .covariates",
        )
    column = ROLE_COLUMNS.get(name, name)
    if column not in samples.columns:
        raise AnalysisError(f"{where}: the samples have no column `{column}`")
    if variable_kinds(study)[column] == "factor":
        return _category(samples, name, column, study, where)
    return _number(samples, name, where)


def _category(samples: pl.DataFrame, name: str, column: str, study: Study, where: str) -> Category:
    text = samples[column].cast(pl.String)
    _refuse_missing(samples, (text.is_null() | (text == "")).fill_null(True), name, column, where)
    values = tuple(text.to_list())
    order: Sequence[str] = {"group": study.groups, "timepoint": study.timepoints}.get(name, ())
    place = {level: i for i, level in enumerate(order)}
    levels = sorted(set(values), key=lambda v: (place.get(v, len(place)), v))
    return Category(name, values, tuple(levels))


def _number(samples: pl.DataFrame, name: str, where: str) -> Number:
    values = samples[name].cast(pl.Float64)
    _refuse_missing(samples, values.is_null() | values.is_nan().fill_null(False), name, name, where)
    infinite = sorted(samples["sample_id"].filter(values.is_infinite()).to_list())
    if infinite:
        raise AnalysisError(
            f"{where}: `{name}` is infinite for {len(infinite)} of the {samples.height} chosen "
            "samples",
            expected="a finite number for every sample of the model",
            found=f"infinite for {listed(infinite, 5)}",
            hint=f"correct it in the sample sheet, or take `{name}` out of the model",
        )
    return Number(name, values.to_numpy().astype(np.float64))


def _refuse_missing(
    samples: pl.DataFrame, missing: pl.Series, name: str, column: str, where: str
) -> None:
    lacking = sorted(samples["sample_id"].filter(missing).to_list())
    if lacking:
        raise AnalysisError(
            f"{where}: `{name}` has no value for {len(lacking)} of the {samples.height} "
            "chosen samples",
            expected="a value for every sample of the model",
            found=f"none for {listed(lacking, 5)}",
            hint=f'leave them out in `where` ("{column} is not null") '
            f"or take `{name}` out of the model",
        )
