"""Features that the pictures of the first page are about: those of the strongest results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cohortmart.core.study.kinds import Kind, kind_of_values
from cohortmart.report.pages.overview.strongest import strongest_contrast, strongest_rebound
from cohortmart.report.source import Source
from cohortmart.report.units import unit_of

#: The clearest of each group first; a feature counts by the best of its groups.
_OF_REBOUND = """
    select feature_id from rebound
    where analysis = $analysis and pair = $pair and class in ('up-down', 'down-up')
        and adj_p_rebound is not null
    group by feature_id
    order by min(adj_p_rebound), min(greatest(p_first, p_second)), feature_id
    limit $most
"""
#: The smallest P values; those that are higher first.
_OF_CONTRAST = """
    select feature_id, log_fc > 0 as is_up, p_value from fct_contrast_result
    where analysis = $analysis and contrast = $contrast and p_value is not null
        and isfinite(log_fc)
    order by p_value, abs(t) desc nulls last, feature_id
    limit $most
"""


@dataclass(frozen=True, eq=False)
class Analysed:
    """An analysis, and what of it is drawn.

    Parameters
    ----------
    analysis, assay : str
    kind : Kind
        Of the assay.
    unit : str
        Of the changes.
    row : mapping
        The row of the result: of `contrast_summary` or of `rebound_summary`.
    """

    analysis: str
    assay: str
    kind: Kind
    unit: str
    row: Mapping[str, Any]

    @property
    def is_beta(self) -> bool:
        """Return whether features are CpGs."""
        return self.kind.feature_column == "probe_id"


def analysed(source: Source, row: Mapping[str, Any] | None) -> Analysed | None:
    """Return the analysis of a result, None where there is none."""
    if row is None:
        return None
    query = "select assay, values_used from dim_contrast where analysis = ? order by all limit 1"
    found = source.rows(query, [row["analysis"]])
    if not found:
        return None
    values = found[0]["values_used"]
    unit = unit_of(source, row["analysis"], values)
    return Analysed(row["analysis"], found[0]["assay"], kind_of_values(values), unit, row)


def with_courses(source: Source, most: int) -> tuple[Analysed, list[str]] | None:
    """Return the features whose courses are drawn: what swings back, else what changes.

    Parameters
    ----------
    source : Source
    most : int
        Features.
    """
    if len(source.timepoints) < 2:
        return None
    swings = analysed(source, strongest_rebound(source)) if source.is_there("rebound") else None
    if swings is not None:
        given = {"analysis": swings.analysis, "pair": swings.row["pair"], "most": most}
        return swings, [row["feature_id"] for row in source.rows(_OF_REBOUND, given)]
    changes = analysed(source, strongest_contrast(source, within=True))
    return None if changes is None else (changes, of_contrast(source, changes, most))


def of_contrast(source: Source, of: Analysed, most: int) -> list[str]:
    """Return the features of a contrast with the smallest P, those that are higher first."""
    if not source.is_there("fct_contrast_result"):
        return []
    given = {"analysis": of.analysis, "contrast": of.row["contrast"], "most": most}
    rows = source.rows(_OF_CONTRAST, given)
    return [row["feature_id"] for up in (True, False) for row in rows if row["is_up"] == up]
