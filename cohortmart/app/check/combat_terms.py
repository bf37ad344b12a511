"""Terms of the analyses of an assay: which are named, and which of them are compared."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from cohortmart.app.check.confounding import names_factor
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import CONTRAST_FAMILIES, ROLE_COLUMNS, ROLES, Analysis, Study

#: Names in the expression of a contrast.
_WORDS = re.compile(r"[^\s+\-*/()`]+")


def model_terms(model: Model, study: Study) -> tuple[str, ...]:
    """Return what a model names, its block aside.

    Parameters
    ----------
    model : Model
    study : Study
        Its factors and covariates may stand in a formula.
    """
    if model.formula is None:
        return (*model.means, *model.covariates)
    return tuple(n for n in _known(study) if names_factor(model.formula, n))


def compared_terms(analysis: Analysis, samples: pl.DataFrame, study: Study) -> tuple[str, ...]:
    """Return what the contrasts of an analysis compare.

    Parameters
    ----------
    analysis : Analysis
    samples : DataFrame
        Rows of `dim_sample`, for the levels of factors.
    study : Study

    Returns
    -------
    tuple of str
        The model's means; of covariates and formulas, what a contrast names a coefficient of.
    """
    model = analysis.model
    expressions = [e for n, e in analysis.contrasts.items() if n not in CONTRAST_FAMILIES]
    named = tuple(
        name
        for name in model_terms(model, study)
        if name not in model.means and _is_named(name, expressions, samples, study)
    )
    return (*model.means, *named)


def tells_samples_apart(samples: pl.DataFrame, name: str) -> bool:
    """Return whether samples differ in a role, factor or covariate.

    Parameters
    ----------
    samples : DataFrame
        Rows of `dim_sample`.
    name : str
    """
    column = ROLE_COLUMNS.get(name, name)
    return column in samples.columns and samples[column].drop_nulls().n_unique() > 1


def _is_named(name: str, expressions: Sequence[str], samples: pl.DataFrame, study: Study) -> bool:
    coefficients, parts = [name], set[str]()
    if name not in study.covariates:  # `batchB` is the coefficient of a level, `MS.3rd` a mean
        levels = samples[ROLE_COLUMNS.get(name, name)].cast(pl.String).drop_nulls().unique()
        coefficients += [f"{name}{level}" for level in levels]
        parts = set(levels)
    return any(names_factor(e, c) for e in expressions for c in coefficients) or any(
        not parts.isdisjoint(word.split(".")) for e in expressions for word in _WORDS.findall(e)
    )


def _known(study: Study) -> tuple[str, ...]:
    return (*ROLES, *study.factors, *study.covariates)
