"""Warnings of a design: what to know of samples and model before reading any number."""

from __future__ import annotations

import polars as pl

from analyses.design.curve_samples import samples_on_curve
from analyses.design.design import Design
from analyses.design.mixed_kinds import mixed_kinds, mixed_kinds_words
from analyses.design.residual_df import df_warnings
from cohortmart.core.study.records import Analysis, Study


def design_warnings(
    samples: pl.DataFrame, design: Design, analysis: Analysis, study: Study
) -> tuple[str, ...]:
    """Return the warnings of an analysis that its samples and model give, most important first.

    Parameters
    ----------
    samples : DataFrame
        The chosen rows of `dim_sample`, in the order of the design.
    design : Design
    analysis : Analysis
    study : Study
    """
    kinds = mixed_kinds(samples, design, analysis.model, study)
    return (
        *(mixed_kinds_words(k, analysis) for k in kinds),
        *_curve_warnings(samples, analysis, study),
        *df_warnings(design),
    )


def _curve_warnings(samples: pl.DataFrame, analysis: Analysis, study: Study) -> tuple[str, ...]:
    curve = analysis.model.curve
    if curve is None:
        return ()
    warning = samples_on_curve(samples, curve, study, "curve").warning
    return () if warning is None else (warning,)
