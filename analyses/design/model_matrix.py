"""The design matrix of an analysis: group means, a baseline form, a curve or a formula."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analyses.design.aliasing import rank_notes
from analyses.design.block_checks import read_blocks
from analyses.design.coded_numbers import coded_notes
from analyses.design.coding import (
    CovariateColumns,
    covariate_columns,
    mean_columns,
    read_category,
)
from analyses.design.coefficient_names import spellings_of_means
from analyses.design.curve import curve_columns
from analyses.design.design import INTERCEPT, Design
from analyses.design.formula import formula_columns
from analyses.design.residual_df import no_residuals
from analyses.design.subject_effects import within_columns
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import ROLE_COLUMNS, Study
from cohortmart.core.text import did_you_mean, listed
from cohortmart.core.types import Floats

__all__ = ["INTERCEPT", "Design", "build_design"]


def build_design(samples: pl.DataFrame, model: Model, study: Study, where_said: str) -> Design:
    """Make the design matrix of a model on the chosen samples.

    Parameters
    ----------
    samples : DataFrame
        Rows of `dim_sample`, one a row of the design and in its order. With a curve: those that
        `samples_on_curve` keeps.
    model : Model
    study : Study
        Order of groups and timepoints, declared factors and covariates.
    where_said : str
        Begins every message, e.g. ``analysis logcpm``.

    Returns
    -------
    Design
        Columns of means, curve or formula, then of covariates, then of `within`.

    Raises
    ------
    AnalysisError
        Unknown names, clashing names, missing or infinite values, a covariate that does not
        vary, a block that the model explains already, or no residual degrees of freedom.
    """
    _check_model(model, study, where_said)
    if samples.height == 0:
        raise AnalysisError(
            f"{where_said}: no sample is chosen", hint="loosen the condition in `where`"
        )
    if model.formula is not None:
        design = _design_of_formula(samples, model, model.formula, study, where_said)
    elif model.curve is not None:
        design = _design_of_curve(samples, model, study, where_said)
    else:
        design = _design_of_means(samples, model, study, where_said)
    notes = rank_notes(design)
    if model.within is not None:
        design = _with_levels(design, samples, model.within, study, where_said)
    _check_residuals(design, where_said)
    blocks: NDArray[np.str_] | None = None
    of_blocks: tuple[str, ...] = ()
    if model.block is not None:
        blocks, of_blocks = read_blocks(samples, model.block, design, study, where_said)
    notes = (*design.notes, *of_blocks, *notes, *coded_notes(samples, model, study))
    return replace(design, blocks=blocks, notes=notes, nouns=study.nouns)


def _check_model(model: Model, study: Study, where: str) -> None:
    if sum((bool(model.means), model.curve is not None, model.formula is not None)) != 1:
        raise AnalysisError(
            f"{where}: a model needs either `means` or a `curve` or a `formula`, not both"
        )
    if model.formula is not None and (model.covariates or model.baseline):
        raise AnalysisError(
            f"{where}: `covariates` and `baseline` belong to `means`",
            hint="write the covariates into the formula",
        )
    if model.curve is not None and model.baseline:
        raise AnalysisError(
            f"{where}: `baseline` belongs to `means`", hint="leave it out beside a curve"
        )
    curve = () if model.curve is None else (model.curve.of, model.curve.by)
    names = (*model.means, *(n for n in curve if n is not None), *model.covariates)
    twice = [n for n in names if names.count(n) > 1]
    if twice:
        raise AnalysisError(f"{where}: `{twice[0]}` stands in the model twice")
    for key, name in (("block", model.block), ("`within` term", model.within)):
        if name in names:
            raise AnalysisError(
                f"{where}: `{name}` is both in the model and its {key}",
                hint="take it out of one: as part of the model it leaves the "
                f"{key} nothing to explain",
            )
    if model.within is not None and model.within == model.block:
        raise AnalysisError(
            f"{where}: `{model.block}` is both `within` and the block",
            expected="the levels as fixed effects (`within`), or correlated samples (`block`)",
            hint=f"take out one; `block` also uses comparisons between {study.nouns.subject.many}",
        )


def _design_of_formula(
    samples: pl.DataFrame, model: Model, formula: str, study: Study, where: str
) -> Design:
    made = formula_columns(samples, formula, study, (model.block, model.within), where)
    return Design(
        matrix=made.matrix,
        columns=made.columns,
        sample_ids=_ids(samples),
        blocks=None,
        mean_labels=None,
        notes=made.notes,
        absent=made.absent,
        empty=made.empty,
        column_variables=made.column_variables,
        categories=made.categories,
        spellings=made.spellings,
    )


def _ids(samples: pl.DataFrame) -> tuple[str, ...]:
    return tuple(samples["sample_id"].cast(pl.String).to_list())


def _covariates(
    samples: pl.DataFrame, names: Sequence[str], study: Study, where: str
) -> CovariateColumns:
    """Make the columns of the covariates; each of them has to vary."""
    made = covariate_columns(samples, names, study, where)
    for name, value in made.constant.items():
        raise AnalysisError(
            f"{where}: the covariate `{name}` is {value} in every chosen sample",
            expected="a covariate that differs between samples",
            found=f"{value} in all {samples.height}",
            hint=f"take `{name}` out of `covariates`, or choose other samples in `where`",
        )
    return made


def _categories(
    samples: pl.DataFrame, names: Sequence[str], study: Study, where: str
) -> dict[str, tuple[str, ...]]:
    """Return each sample's level of the categories among the names."""
    known = {*ROLE_COLUMNS, *study.factors}
    return {n: read_category(samples, n, study, where).values for n in names if n in known}


def _design_of_means(samples: pl.DataFrame, model: Model, study: Study, where: str) -> Design:
    means = mean_columns(samples, model.means, study, where)
    covariates = _covariates(samples, model.covariates, study, where)
    labels = list(means.levels)
    if model.baseline is None:
        matrix, columns = means.matrix, labels
    else:
        matrix, columns = _with_baseline(means.matrix, labels, model.baseline, where)
    _refuse_clash([*labels, *means.absent], [*covariates.columns, INTERCEPT], where)
    _refuse_clash(covariates.columns, [INTERCEPT], where)
    of_mean = frozenset(model.means)
    return Design(
        matrix=np.hstack([matrix, covariates.matrix]),
        columns=(*columns, *covariates.columns),
        sample_ids=_ids(samples),
        blocks=None,
        mean_labels=means.of_sample,
        notes=(*means.notes, *covariates.notes),
        mean_factors=model.means,
        mean_levels=means.levels,
        baseline=model.baseline,
        absent=means.absent,
        empty=means.empty,
        coefficient_meanings=covariates.meanings,
        column_variables=(*(of_mean for _ in columns), *covariates.variables),
        categories=_categories(samples, (*model.means, *model.covariates), study, where),
        spellings=spellings_of_means(
            model.means, means.levels, (*labels, *covariates.columns, INTERCEPT)
        ),
    )


def _design_of_curve(samples: pl.DataFrame, model: Model, study: Study, where: str) -> Design:
    assert model.curve is not None
    curve = curve_columns(samples, model.curve, study, where)
    covariates = _covariates(samples, model.covariates, study, where)
    labels = list(curve.levels)
    _refuse_clash([*labels, *curve.absent], [*covariates.columns, INTERCEPT], where)
    of_curve = frozenset(curve.factors)
    return Design(
        matrix=np.hstack([curve.matrix, covariates.matrix]),
        columns=(*labels, *covariates.columns),
        sample_ids=_ids(samples),
        blocks=None,
        mean_labels=None,
        notes=(*curve.notes, *covariates.notes),
        mean_factors=curve.factors,
        mean_levels=curve.levels,
        absent=curve.absent,
        coefficient_meanings=covariates.meanings,
        curve=curve.samples,
        column_variables=(*(of_curve for _ in labels), *covariates.variables),
        categories=_categories(samples, (*curve.factors[:-1], *model.covariates), study, where),
    )


def _with_levels(
    design: Design, samples: pl.DataFrame, name: str, study: Study, where: str
) -> Design:
    """Put the levels of a category behind the other columns."""
    terms = [*design.mean_factors] if design.curve is None else [*design.mean_factors[:-1]]
    terms += sorted({v for of in design.column_variables for v in of} - set(design.mean_factors))
    levels = within_columns(samples, name, terms, study, where)
    _refuse_clash([*design.columns, *design.absent], levels.columns, where)
    return replace(
        design,
        matrix=np.hstack([design.matrix, levels.matrix]),
        columns=(*design.columns, *levels.columns),
        notes=(*design.notes, levels.note),
        within=name,
        coefficient_meanings={
            **design.coefficient_meanings,
            **dict.fromkeys(levels.columns, f"level of {name}"),
        },
        column_variables=(*design.column_variables, *(frozenset({name}) for _ in levels.columns)),
        categories={**design.categories, name: levels.of_sample},
    )


def _with_baseline(
    matrix: Floats, labels: list[str], baseline: str, where: str
) -> tuple[Floats, list[str]]:
    if baseline not in labels:
        raise AnalysisError(
            f"{where}: no chosen sample is `{baseline}`, the baseline",
            expected=f"one of {listed(labels)}",
            hint=did_you_mean(baseline, labels),
        )
    others = [i for i, label in enumerate(labels) if label != baseline]
    ones = np.ones((len(matrix), 1))
    return np.hstack([ones, matrix[:, others]]), [INTERCEPT, *(labels[i] for i in others)]


def _refuse_clash(names: Sequence[str], others: Sequence[str], where: str) -> None:
    both = sorted(set(names) & set(others))
    if both:
        raise AnalysisError(
            f"{where}: `{both[0]}` would name two columns of the model",
            hint="rename the level or the covariate",
        )


def _check_residuals(design: Design, where: str) -> None:
    n, rank = len(design.sample_ids), design.rank
    if rank == 0:
        raise AnalysisError(f"{where}: the model has no column with a value")
    if n <= rank:
        raise no_residuals(design, where)
