"""Sentences on rebound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cohortmart.core.text import counted
from cohortmart.report.pages.rebound.pairs import ReboundPair
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source

LEAD = (
    "What changes and swings back afterwards? A feature (a gene, or a CpG "
    "of the DNA) rebounds if the first change and the one that follows it both hold up "
    "statistically and go opposite ways."
)
_EXPLAINED = (
    "How to read it. A first change is, say, from before a treatment to its end; the second one "
    "from its end to long after it. Both are measured from the same middle {visit}. "
    "A "
    "value that happens to be too high there makes the first change too large and the second one "
    "too small, so that the two changes correlate at about -0.5 where nothing happens at all. A "
    "correlation r therefore stands beside the value that chance gives, with the range in which "
    "95 % of chance lies. The biological r is an estimate of how the true changes go together "
    "once that shared error is taken out; it is told only as a description, and where r is no "
    "different from chance it proves nothing."
)


def explained(source: Source) -> str:
    """Return how to read the two changes and their correlation."""
    return _EXPLAINED.format(visit=source.timepoint.one)


def p_words(p: float) -> str:
    """Return a P value as `P = 0.013` or `P < 0.001`."""
    return "P < 0.001" if p < 0.001 else f"P = {p:.2g}"


def correlation_lines(member: Mapping[str, Any]) -> tuple[str, str]:
    """Return the two lines above a panel: r and its no-effect value; biological r and reading."""
    if member["r"] is None:
        return "", ""
    first = f"r {member['r']:.2f}"
    if member["r_no_effect"] is not None:
        first += f"; by chance {member['r_no_effect']:.2f}"
    if member["no_effect_low"] is not None:
        first += f" ({member['no_effect_low']:.2f} to {member['no_effect_high']:.2f})"
    second = member["reading"] or ""
    if member["r_biological"] is not None:
        second = f"biological r {member['r_biological']:.2f}" + (f"; {second}" if second else "")
    return first, second


def correlation_words(member: Mapping[str, Any]) -> str:
    """Return what the correlation of the two changes says, as a sentence."""
    if member["r"] is None:
        return "The correlation of the two changes is not known."
    words = f"The two changes correlate at r = {member['r']:.2f}"
    if member["r_no_effect"] is not None:
        words += f"; where nothing happens r is {member['r_no_effect']:.2f}"
    if member["no_effect_low"] is not None:
        words += (
            f" (95 % of chance: {member['no_effect_low']:.2f} to {member['no_effect_high']:.2f})"
        )
    if member["reading"] is not None:
        words += f". This is {member['reading']} ({p_words(member['p_value'])})"
    if member["r_biological"] is not None:
        words += f". Biological r: {member['r_biological']:.2f}"
    return f"{words}."


def found_words(pair: ReboundPair, member: Mapping[str, Any]) -> str:
    """Return how many features of a group rebound, as a sentence."""
    same = member["n_same_sign"]
    how = "pass the paper's rule" if member["preset"] == "paper" else "rebound"
    return (
        f"{member['n_found']:,} of {counted(member['n_tested'], pair.noun)} {how}: "
        f"{member['n_up_down']:,} up and then down, {member['n_down_up']:,} down and then up"
        + (f", {same:,} twice the same way, which is no rebound" if same else "")
        + "."
    )


def people(source: Source, pair: ReboundPair) -> str:
    """Return the numbers of samples and people behind both changes of each group."""
    said = [
        f"{title}: {samples_of(source, m['n_samples_first'], m['n_subjects_first'])} in the "
        f"first change, {m['n_samples_second']:,} of {m['n_subjects_second']:,} in the second"
        for title, m in zip(pair.titles, pair.members, strict=True)
    ]
    return "; ".join(said) + "."


def union_words(
    pair: ReboundPair, union: Mapping[str, Any], differ: Sequence[Mapping[str, Any]]
) -> str:
    """Return what the groups share, from `rebound_union`, and where they differ."""
    words = (
        f"{counted(union['n_union'], pair.noun)} found in at least one group, "
        f"{union['n_in_all']:,} in every group; {union['n_common'] or 0:,} change in the same "
        "directions in every group, found there or not."
    )
    for row in differ:
        words += (
            f" The swing differs between {row['study_group']} and {row['reference_group']} in "
            f"{counted(row['n'], pair.noun)} (test of the difference, adjusted P)."
        )
    if differ:
        words += " Being found in one group only is no difference between the groups."
    return words
