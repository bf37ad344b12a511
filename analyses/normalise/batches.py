"""Batches and what is to be kept, read from the samples, for ComBat and ComBat-seq alike."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from analyses.design.coding import covariate_columns, read_category
from analyses.stats.batch.combat_design import CombatError, independent_columns
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.normalise_records import METHODS, BatchOptions, step_of
from cohortmart.core.study.records import ROLE_COLUMNS, Study
from cohortmart.core.text import listed
from cohortmart.core.types import Floats


@dataclass(frozen=True, eq=False)
class Batches:
    """What a step that removes batches works with.

    Parameters
    ----------
    labels : tuple of str, length n_samples
        The batch of each sample.
    keep : ndarray of shape (n_samples, n_columns)
        What is to be kept, coded as numbers, without an intercept and without repeats.
    keep_names : tuple of str
        Of its columns.
    notes : tuple of str
        What the user should know.
    """

    labels: tuple[str, ...]
    keep: Floats
    keep_names: tuple[str, ...]
    notes: tuple[str, ...]


def read_batches(samples: pl.DataFrame, combat: BatchOptions, study: Study, where: str) -> Batches:
    """Read the batch of each sample and the columns that are to be kept.

    Parameters
    ----------
    samples : polars.DataFrame
        Rows of `dim_sample` in the order of the values.
    combat : BatchOptions
        Batch and what to keep.
    study : Study
    where : str
        Begins the messages.

    Raises
    ------
    AnalysisError
        A name is unknown or of the wrong kind, or a sample has no value.
    """
    _refuse_missing(samples, combat, where)
    keep = covariate_columns(samples, combat.keep, study, where)
    batch = read_category(samples, combat.batch, study, where)
    own = independent_columns(keep.matrix)
    return Batches(
        labels=batch.values,
        keep=keep.matrix[:, own],
        keep_names=tuple(keep.columns[j] for j in own),
        notes=(*keep.notes, *_unprotected(samples, combat)),
    )


def as_analysis_error(error: CombatError, where: str) -> AnalysisError:
    """Return what arrays do not allow as a message for the user.

    Parameters
    ----------
    error : CombatError
    where : str
        Begins the message.
    """
    found = ", ".join(error.names) or None
    return AnalysisError(f"{where}: {error.problem}", found=found, hint=error.hint)


def _refuse_missing(samples: pl.DataFrame, combat: BatchOptions, where: str) -> None:
    """Raise if a sample has no batch, or no value of what is to be kept."""
    for name in (combat.batch, *combat.keep):
        column = ROLE_COLUMNS.get(name, name)
        if column not in samples.columns:
            continue  # an unknown name is refused where it is read
        lacking = sorted(samples["sample_id"].filter(samples[column].is_null()).to_list())
        if lacking:
            raise AnalysisError(
                f"{where}: `{name}` has no value for {len(lacking)} of the {samples.height} "
                "samples of the assay",
                expected="a value for every sample that is to be adjusted",
                found=f"none for {listed(lacking, 5)}",
                hint="fill it in in the sample sheet, or do without "
                f"`{name}` in `{step_of(combat)}`",
            )


def _unprotected(samples: pl.DataFrame, combat: BatchOptions) -> list[str]:
    """Warn where a difference between cell types would be taken for one between batches."""
    several = samples["cell_type"].n_unique() > 1
    if several and "cell_type" not in combat.keep:
        return [
            f"{METHODS[step_of(combat)].title} sees several cell types and `keep` does not name "
            "cell_type: where batches hold different shares of them, it removes part of their "
            "difference"
        ]
    return []
