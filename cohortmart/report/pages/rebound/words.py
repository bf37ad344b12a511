"""Sentences on rebound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cohortmart.core.text import counted
from cohortmart.report.pages.rebound.pairs import ReboundPair
from cohortmart.report.source import Source

LEAD = (
    "What changes and swings back afterwards: both changes hold up statistically, and go opposite "
    "ways."
)


def p_words(p: float) -> str:
    """Return a P value as `P = 0.013` or `P < 0.001`."""
    return "P < 0.001" if p < 0.001 else f"P = {p:.2g}"


def correlation_lines(member: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the lines above a panel: r and what chance gives, the biological r, the reading."""
    if member["r"] is None:
        return "", "", ""
    first = f"r {member['r']:.2f}"
    if member["r_no_effect"] is not None:
        first += f"; by chance {member['r_no_effect']:.2f}"
    if member["no_effect_low"] is not None:
        first += f" ({member['no_effect_low']:.2f} to {member['no_effect_high']:.2f})"
    return first, biological_words(member), member["reading"] or ""


def biological_words(member: Mapping[str, Any]) -> str:
    """Return the biological correlation with its interval; nothing where it is not known."""
    if member["r_biological"] is None:
        return ""
    words = f"biological r {member['r_biological']:.2f}"
    if member["r_biological_ci_low"] is None:
        return words
    return (
        f"{words} (95 % {member['r_biological_ci_low']:.2f} to "
        f"{member['r_biological_ci_high']:.2f})"
    )


def correlation_words(member: Mapping[str, Any]) -> str:
    """Return what the correlation of the two changes says, as a sentence."""
    if member["r"] is None:
        return "The correlation of the two changes is not known."
    words = f"The two changes correlate at {member['r']:.2f}"
    if member["r_no_effect"] is not None:
        words += f", by chance at {member['r_no_effect']:.2f}"
    if member["no_effect_low"] is not None:
        words += f" ({member['no_effect_low']:.2f} to {member['no_effect_high']:.2f})"
    if member["reading"] is not None:
        words += f": {member['reading']} ({p_words(member['p_value'])})"
    biological = biological_words(member)
    return f"{words}; {biological}." if biological else f"{words}."


def found_words(pair: ReboundPair, member: Mapping[str, Any]) -> str:
    """Return how many features of a group rebound, as a sentence."""
    same = member["n_same_sign"]
    how = "pass the paper's rule" if member["preset"] == "paper" else "rebound"
    over = f" ({', '.join(pair.visits)})" if pair.visits else ""
    return (
        f"{member['n_found']:,} of {counted(member['n_tested'], pair.noun)} {how}{over}: "
        f"{member['n_up_down']:,} up then down, {member['n_down_up']:,} down then up"
        + (f", {same:,} twice the same way, which is no rebound" if same else "")
        + "."
    )


def people(source: Source, pair: ReboundPair) -> str:
    """Return the numbers of samples and people behind both changes of each group."""
    return (
        "; ".join(
            _people(source, f"{title}: " if len(pair.members) > 1 else "", member)
            for title, member in zip(pair.titles, pair.members, strict=True)
        )
        + "."
    )


def _people(source: Source, of: str, member: Mapping[str, Any]) -> str:
    samples, persons = (
        list(dict.fromkeys(member[f"n_{what}_{which}"] for which in ("first", "second")))
        for what in ("samples", "subjects")
    )
    said = " and ".join(f"{n:,}" for n in persons[:-1])
    said = f"{said} and " if said else ""
    return (
        f"{of}{' and '.join(f'{n:,}' for n in samples)} samples of "
        f"{said}{source.subject.counted(persons[-1])}"
    )


def union_words(
    pair: ReboundPair, union: Mapping[str, Any], differ: Sequence[Mapping[str, Any]]
) -> str:
    """Return what the groups share, from `rebound_union`, and where they differ."""
    words = (
        f"{counted(union['n_union'], pair.noun)} found in at least one group, "
        f"{union['n_in_all']:,} in every group; {union['n_common'] or 0:,} go the same ways in "
        "every group."
    )
    for row in differ:
        words += (
            f" The swing differs between {row['study_group']} and {row['reference_group']} in "
            f"{counted(row['n'], pair.noun)}."
        )
    return words
