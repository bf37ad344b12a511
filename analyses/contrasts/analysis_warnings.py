"""Warnings of an analysis: what spoils its numbers, or may, and what to write instead."""

from __future__ import annotations

from analyses.design.warnings import design_warnings
from analyses.fit.contrasts import ContrastResults
from analyses.fit.feature_warnings import prior_notes, unexpressed_warnings
from analyses.fit.prepare import ModelInputs
from cohortmart.core.study.records import Analysis, Study


def analysis_warnings(
    study: Study, analysis: Analysis, inputs: ModelInputs, results: ContrastResults
) -> list[tuple[str, str]]:
    """List what to know of an analysis before reading its numbers, most important first.

    Parameters
    ----------
    study : Study
    analysis : Analysis
    inputs : ModelInputs
    results : ContrastResults

    Returns
    -------
    list of (str, str)
        The kind of a note, `warning` or `note`, and the words.
    """
    warnings = [
        *design_warnings(inputs.samples, inputs.design, analysis, study),
        *unexpressed_warnings(analysis, inputs.values),
    ]
    notes = prior_notes(results.fit)
    return [*(("warning", w) for w in warnings), *(("note", n) for n in notes)]
