"""The design matrix of an analysis: group means, a baseline form or a formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analyses.design.coding import covariate_columns, mean_columns, read_category
from analyses.design.estimability import entangled_columns, rank_of
from analyses.design.formula import formula_columns
from analyses.design.wording import listed
from cohortmart.errors import AnalysisError
from cohortmart.nearest import did_you_mean
from cohortmart.study import Model, Study
from cohortmart.wording import counted

INTERCEPT = "Intercept"


@dataclass(frozen=True, eq=False)
class Design:
    """A design matrix and what its rows and columns are.

    Parameters
    ----------
    matrix : ndarray of shape (n_samples, n_coefficients)
        May be rank deficient; then `notes` says so.
    columns : tuple of str
        Names of the coefficients.
    sample_ids : tuple of str
        One a row.
    blocks : ndarray of str of shape (n_samples,), or None
        Label of each sample's block.
    mean_labels : tuple of str, or None
        Each sample's combination (`HP.1st`); None for a formula.
    notes : tuple of str
        What was left out, and other things the user should know, in plain words.
    mean_factors : tuple of str
        Names behind the parts of a combination; empty for a formula.
    mean_levels : mapping of str to tuple of str
        The parts of each combination that has samples, in the order of the columns.
    baseline : str or None
        The combination behind `Intercept`.
    absent : tuple of str
        Coefficients that the model would have if there were samples for them.
    empty : tuple of str
        Combinations of levels that do occur, but not together.
    coefficient_meanings : mapping of str to str
        Plain words for coefficients of covariates.
    """

    matrix: NDArray[np.float64]
    columns: tuple[str, ...]
    sample_ids: tuple[str, ...]
    blocks: NDArray[np.str_] | None
    mean_labels: tuple[str, ...] | None
    notes: tuple[str, ...]
    mean_factors: tuple[str, ...] = ()
    mean_levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    baseline: str | None = None
    absent: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    coefficient_meanings: Mapping[str, str] = field(default_factory=dict)

    @property
    def rank(self) -> int:
        """Number of independent columns."""
        return rank_of(self.matrix)


def build_design(samples: pl.DataFrame, model: Model, study: Study, where_said: str) -> Design:
    """Make the design matrix of a model on the chosen samples.

    Parameters
    ----------
    samples : DataFrame
        The chosen rows of `dim_sample`, in the order of the matrix' rows.
    model : Model
        `means` (with `covariates` and perhaps a `baseline`) or a `formula`, and the `block`.
    study : Study
        Order of groups and timepoints, names of factors and covariates.
    where_said : str
        Begins every message, e.g. ``analysis logcpm``.

    Returns
    -------
    Design

    Raises
    ------
    AnalysisError
        Unknown names, clashing names, missing values, or no residual degrees of freedom.
    """
    _check_model(model, where_said)
    if samples.height == 0:
        raise AnalysisError(
            f"{where_said}: no sample is chosen", hint="loosen the condition in `where`"
        )
    ids = tuple(samples["sample_id"].cast(pl.String).to_list())
    if model.formula is None:
        design = _design_of_means(samples, ids, model, study, where_said)
    else:
        made = formula_columns(samples, model.formula, study, model.block, where_said)
        design = Design(
            matrix=made.matrix,
            columns=made.columns,
            sample_ids=ids,
            blocks=None,
            mean_labels=None,
            notes=made.notes,
            absent=made.absent,
            empty=made.empty,
        )
    blocks, block_notes = _blocks(samples, model.block, study, where_said)
    _check_residuals(design, where_said)
    notes = (*design.notes, *block_notes, *_rank_notes(design))
    return replace(design, blocks=blocks, notes=notes)


def _check_model(model: Model, where: str) -> None:
    if bool(model.means) == (model.formula is not None):
        raise AnalysisError(f"{where}: a model needs either `means` or a `formula`, not both")
    if model.formula is not None and (model.covariates or model.baseline):
        raise AnalysisError(
            f"{where}: `covariates` and `baseline` belong to `means`",
            hint="write the covariates into the formula",
        )
    names = (*model.means, *model.covariates)
    twice = [n for n in names if names.count(n) > 1]
    if twice:
        raise AnalysisError(f"{where}: `{twice[0]}` stands in the model twice")
    if model.block in names:
        raise AnalysisError(
            f"{where}: `{model.block}` is both in the model and its block",
            hint="take it out of one: as part of the model it leaves the block nothing to explain",
        )


def _design_of_means(
    samples: pl.DataFrame, ids: tuple[str, ...], model: Model, study: Study, where: str
) -> Design:
    means = mean_columns(samples, model.means, study, where)
    covariates = covariate_columns(samples, model.covariates, study, where)
    labels = list(means.levels)
    if model.baseline is None:
        matrix, columns = means.matrix, labels
    else:
        matrix, columns = _with_baseline(means.matrix, labels, model.baseline, where)
    _refuse_clash([*labels, *means.absent], [*covariates.columns, INTERCEPT], where)
    _refuse_clash(covariates.columns, [INTERCEPT], where)
    return Design(
        matrix=np.hstack([matrix, covariates.matrix]),
        columns=(*columns, *covariates.columns),
        sample_ids=ids,
        blocks=None,
        mean_labels=means.of_sample,
        notes=(*means.notes, *covariates.notes),
        mean_factors=model.means,
        mean_levels=means.levels,
        baseline=model.baseline,
        absent=means.absent,
        empty=means.empty,
        coefficient_meanings=covariates.meanings,
    )


def _with_baseline(
    matrix: NDArray[np.float64], labels: list[str], baseline: str, where: str
) -> tuple[NDArray[np.float64], list[str]]:
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


def _blocks(
    samples: pl.DataFrame, name: str | None, study: Study, where: str
) -> tuple[NDArray[np.str_] | None, list[str]]:
    if name is None:
        return None, []
    block = read_category(samples, name, study, f"{where}, block")
    notes = []
    if len(block.levels) == samples.height:
        notes.append(f"every `{name}` has one chosen sample, so the block has nothing to explain")
    elif len(block.levels) == 1:
        notes.append(f"`{name}` is {block.levels[0]} in every chosen sample: one block only")
    return np.array(block.values, dtype=np.str_), notes


def _check_residuals(design: Design, where: str) -> None:
    n, rank = len(design.sample_ids), design.rank
    if rank == 0:
        raise AnalysisError(f"{where}: the model has no column with a value")
    if n <= rank:
        raise AnalysisError(
            f"{where}: no residual degrees of freedom are left to estimate the variance",
            expected=f"more than {counted(rank, 'sample')} for a model of rank {rank}",
            found=counted(n, "sample"),
            hint="choose more samples in `where`, or fewer means and covariates",
        )


def _rank_notes(design: Design) -> list[str]:
    entangled = [design.columns[i] for i in entangled_columns(design.matrix)]
    if not entangled:
        return []
    return [
        f"the model has {counted(len(design.columns), 'column')} but rank {design.rank}: among "
        f"the chosen samples {listed(entangled)} cannot be told apart, and contrasts that need "
        "them apart cannot be estimated"
    ]
