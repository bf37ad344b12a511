"""Correlation of two changes beside its value without any effect, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.compare.matched import Matched
from cohortmart.explore.answers.contrast.wished import ContrastMeant
from cohortmart.report.pages.contrasts.words import Row

_STORED = """
    select r, r_low, r_high, r_no_effect, no_effect_low, no_effect_high, p_value, reading,
        r_biological, r_biological_ci_low, r_biological_ci_high, n_features
    from contrast_correlation
    where analysis = $analysis
        and ((first_contrast = $a and second_contrast = $b)
            or (first_contrast = $b and second_contrast = $a))
"""
#: People of whom both analyses have samples.
_SHARED = """
    select count(*) as n from (
        select s.subject_id from design_matrix as d
        inner join shown_sample as s on s.sample_id = d.sample_id where d.analysis = $first
        intersect
        select s.subject_id from design_matrix as d
        inner join shown_sample as s on s.sample_id = d.sample_id where d.analysis = $second
    )
"""


@dataclass(frozen=True)
class Correlation:
    """How two changes go together.

    Parameters
    ----------
    r : float or None
        Over the features that both have.
    no_effect : float or None
        What r is where nothing happens; None where it is not known.
    stored : mapping or None
        The row of `contrast_correlation`, where the pair is of one analysis.
    share_people : bool
        Whether people of the one are in the other.
    """

    r: float | None
    no_effect: float | None
    stored: Row | None
    share_people: bool


def correlation_of(
    asked: Asked, first: ContrastMeant, second: ContrastMeant, matched: Matched
) -> Correlation:
    """Return the correlation of two contrasts.

    Parameters
    ----------
    asked : Asked
    first, second : ContrastMeant
    matched : Matched
        Their features.

    Notes
    -----
    Within an analysis the value without any effect follows from the design and is stored. Two
    analyses of other people have independent errors, and 0. Where they have people in common,
    the errors of a person in both are not known to any table.
    """
    if first.analysis == second.analysis:
        rows: list[dict[str, Any]] = []
        if asked.is_there("contrast_correlation"):
            key = {"analysis": first.analysis, "a": first.contrast, "b": second.contrast}
            rows = asked.rows(_STORED, key)
        if rows:
            row = rows[0]
            return Correlation(row["r"], row["r_no_effect"], row, True)
        return Correlation(matched.r, None, None, True)
    if not asked.has_rows("design_matrix"):
        return Correlation(matched.r, None, None, True)
    key = {"first": first.analysis, "second": second.analysis}
    share = asked.rows(_SHARED, key)[0]["n"] > 0
    return Correlation(matched.r, None if share else 0.0, None, share)


def correlation_words(asked: Asked, found: Correlation, n: int, nouns: str) -> str:
    """Say r, and what it would be if nothing happened."""
    if found.r is None:
        return f"No correlation can be computed over {n:,} {nouns}."
    said = f"r = {found.r:.2f}"
    row = found.stored or {}
    if row.get("r_low") is not None:
        said += f" (95 % interval {row['r_low']:.2f} to {row['r_high']:.2f})"
    said += f" over {n:,} {nouns}; "
    if found.no_effect is None:
        reason = (
            f"the two rest on {asked.subject.many} in common, whose errors go together"
            if found.stored is None
            else "the design does not give it"
        )
        return f"{said}what it would be without any effect is not known: {reason}."
    said += f"without any effect it would be {found.no_effect:.2f}"
    if row.get("no_effect_low") is not None:
        said += f" ({row['no_effect_low']:.2f} to {row['no_effect_high']:.2f})"
    if found.stored is None:
        said += f", as the two have no {asked.subject.one} in common"
    if row.get("reading"):
        said += f": {row['reading']}"
    said += "."
    if row.get("r_biological") is not None:
        said += f" Freed of measurement error r = {row['r_biological']:.2f}"
        if row.get("r_biological_ci_low") is not None:
            low, high = row["r_biological_ci_low"], row["r_biological_ci_high"]
            said += f" (95 % interval {low:.2f} to {high:.2f})"
        said += "."
    return said
