"""The samples that an analysis takes, and the design of its model on them."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from analyses.design.curve import samples_on_curve
from analyses.design.model_matrix import Design, build_design
from analyses.load.measured_covariates import with_measured
from analyses.load.samples import chosen_samples
from cohortmart.core.study.records import Analysis, Study


@dataclass(frozen=True, eq=False)
class ChosenDesign:
    """Samples and design of an analysis.

    Parameters
    ----------
    samples : polars.DataFrame
        Rows of `dim_sample`, in the order of the design's rows.
    design : Design
    notes : tuple of str
        What the user should know of both, in plain words.
    """

    samples: pl.DataFrame
    design: Design
    notes: tuple[str, ...]


def chosen_design(
    con: duckdb.DuckDBPyConnection, study: Study, name: str, analysis: Analysis
) -> ChosenDesign:
    """Choose the samples of an analysis and make its design matrix.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    study : Study
    name : str
        Of the analysis.
    analysis : Analysis

    Raises
    ------
    AnalysisError
        No sample is chosen, or the model cannot be made on them.
    """
    where = f"analysis {name}"
    samples = chosen_samples(con, name, analysis, study)
    samples, notes = with_measured(con, samples, analysis.model.names, study, where)
    if analysis.model.curve is not None:
        on = samples_on_curve(samples, analysis.model.curve, study, where)
        samples, notes = on.samples, (*notes, *((on.note,) if on.note else ()))
    design = build_design(samples, analysis.model, study, where)
    return ChosenDesign(samples, design, (*notes, *design.notes))
