"""Returns: which differences `return_to` will follow, and why it would refuse."""

from __future__ import annotations

from analyses.design.model_matrix import Design
from analyses.returns.contrasts import return_contrasts
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.text import joined


def check_returns(
    analysis: Analysis, study: Study, design: Design
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Try what `return_to` of an analysis demands of its samples.

    Parameters
    ----------
    analysis : Analysis
    study : Study
    design : Design

    Returns
    -------
    refusals, notes : tuple of str
        Both empty where no return is asked for.
    """
    try:
        entries = return_contrasts("", design, analysis.return_to, study)
    except AnalysisError as error:
        return (str(error),), ()
    return (), tuple(
        f"return_to: how much of {entry.baseline} is gone in {joined(list(entry.left))}"
        for entry in entries
    )
