"""Sentences on returns: of which analysis and features, and what the numbers say beside chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cohortmart.core.study.kinds import kind_of_values
from cohortmart.core.text import counted, joined
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source
from cohortmart.report.units import unit_of

_STATES = (
    ("n_back", "{} back"),
    ("n_in_part", "{} in part"),
    ("n_overshoot", "{} beyond it"),
)


@dataclass(frozen=True)
class Returned:
    """An analysis with returns, and how it is spoken of.

    Parameters
    ----------
    analysis, slug : str
        Its name, and that name as a part of file names.
    noun, nouns : str
        What a feature is called, one and several.
    unit : str
        Of differences.
    visits : tuple of mapping
        Rows of `return_summary`.
    people : str
        On whom it rests.
    """

    analysis: str
    slug: str
    noun: str
    nouns: str
    unit: str
    visits: tuple[Mapping[str, Any], ...]
    people: str

    @property
    def title(self) -> str:
        """Several features, at the beginning of a line."""
        return f"{self.nouns[0].upper()}{self.nouns[1:]}"


def returned_of(source: Source, analysis: str, slug: str) -> Returned | None:
    """Return how an analysis is spoken of, None where it has no return."""
    visits = source.rows(
        "select * from return_summary where analysis = ? order by return_name, visit_order",
        [analysis],
    )
    if not visits:
        return None
    (of,) = source.rows(
        "select any_value(values_used) as used from dim_contrast where analysis = ?", [analysis]
    )
    kind = kind_of_values(of["used"])
    numbers = dict.fromkeys((v["n_samples"], v["n_subjects"]) for v in visits)
    return Returned(
        analysis=analysis,
        slug=slug,
        noun=kind.shown,
        nouns=kind.many_shown,
        unit=unit_of(source, analysis, of["used"]),
        visits=tuple(visits),
        people=f"{'; '.join(samples_of(source, n, people) for n, people in numbers)}.",
    )


def found_words(source: Source, of: Returned, visit: Mapping[str, Any]) -> str:
    """Return how many differences return, and how many move by chance, as a sentence or two."""
    where = f"{compared(source, visit)}: "
    n = visit["n_with_difference"]
    if n == 0:
        return f"{where}no {of.noun} differs at {source.names.words(visit['from_mean'])}."
    told = [words.format(f"{visit[key]:,}") for key, words in _STATES if visit[key]]
    more = f" ({joined(told)})" if told else ""
    words = (
        f"{where}of {counted(n, of.noun, of.nouns)} with a difference, {visit['n_found']:,} "
        f"return{more}. {percent(visit['share_towards'])} of the estimates move towards "
        f"{source.names.words(visit['reference'])}"
    )
    if visit["share_by_chance"] is None:
        return f"{words}."
    return f"{words}; {percent(visit['share_by_chance'])} would if nothing changed."


def correlation_words(visit: Mapping[str, Any]) -> str:
    """Return how differences and changes go together, beside what no change gives."""
    if visit["r"] is None:
        return ""
    words = f"Difference and change correlate at {visit['r']:.2f}"
    if visit["r_no_change"] is not None:
        p = visit["p_value"]
        words += (
            f"; without any change at {visit['r_no_change']:.2f} "
            f"({visit['no_change_low']:.2f} to {visit['no_change_high']:.2f}; "
            f"{'P < 0.001' if p < 0.001 else f'P = {p:.2g}'})"
        )
    return f"{words}."


def compared(source: Source, visit: Mapping[str, Any]) -> str:
    """Name a return and its visit: `MS.3rd to HP, at MS.PP`."""
    names = source.names
    return f"{names.words(visit['return_name'])}, at {names.words(visit['to_mean'])}"


def percent(share: float) -> str:
    """Return a share as `74 %`."""
    return f"{100 * share:.0f} %"
