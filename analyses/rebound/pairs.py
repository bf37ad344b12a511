"""Pairs of contrasts that are read together: a change, and the change that follows it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.rules.findings import without_group
from cohortmart.core.text import did_you_mean, listed


@dataclass(frozen=True)
class ContrastPair:
    """Two contrasts of an analysis.

    Parameters
    ----------
    pair : str
        Both names as study.yml gives them: `3rd-1st/PP-3rd`.
    study_group : str or None
        The group whose contrasts they are; None where they are not both of one group.
    first, second : int
        Which contrasts of the analysis, from 0.
    """

    pair: str
    study_group: str | None
    first: int
    second: int


class PairDifference(NamedTuple):
    """A pair of contrasts in a group, compared with the same pair in the reference group."""

    pair: str
    study_group: str
    reference_group: str


def resolve_pairs(
    names: Sequence[str], pairs: Sequence[Sequence[str]], groups: Sequence[str]
) -> tuple[ContrastPair, ...]:
    """Find the contrasts that are meant.

    An entry names two contrasts exactly, or without their group: then it stands for
    `G_first` and `G_second` of every group G that has both.

    Parameters
    ----------
    names : sequence of str
        Contrasts of the analysis.
    pairs : sequence of pairs of str
        As in study.yml.
    groups : sequence of str
        Of the study, the reference first.

    Returns
    -------
    tuple of ContrastPair
        In the order of the entries, those of one entry in the order of the groups.

    Raises
    ------
    AnalysisError
        A name that is no contrast, two names of which no group has both, a contrast paired with
        itself, or the same two contrasts twice.
    """
    index = {name: j for j, name in enumerate(names)}
    found: list[ContrastPair] = []
    for first, second in pairs:
        if first == second:
            raise AnalysisError(
                f"the pair {first}/{second} names the same contrast twice",
                expected="a change, and the change that follows it",
            )
        found += _of_entry(first, second, index, groups)
    _refuse_repeats(found, names)
    return tuple(found)


def differences(pairs: Sequence[ContrastPair], groups: Sequence[str]) -> tuple[PairDifference, ...]:
    """Name what to compare between groups: each pair that the reference and others have.

    Parameters
    ----------
    pairs : sequence of ContrastPair
    groups : sequence of str
        Of the study; the first of them that has the pair is its reference.
    """
    found: list[PairDifference] = []
    for label in dict.fromkeys(p.pair for p in pairs):
        having = {p.study_group for p in pairs if p.pair == label}
        reference, *others = [g for g in groups if g in having] or [""]
        found += [PairDifference(label, group, reference) for group in others]
    return tuple(found)


def _of_entry(
    first: str, second: str, index: dict[str, int], groups: Sequence[str]
) -> list[ContrastPair]:
    label = f"{first}/{second}"
    if first in index and second in index:
        group = _shared_group(first, second, groups)
        return [ContrastPair(label, group, index[first], index[second])]
    by_group = [
        ContrastPair(label, g, index[f"{g}_{first}"], index[f"{g}_{second}"])
        for g in groups
        if f"{g}_{first}" in index and f"{g}_{second}" in index
    ]
    if not by_group:
        raise _no_pair(label, first, second, index, groups)
    return by_group


def _shared_group(first: str, second: str, groups: Sequence[str]) -> str | None:
    """Return the group both names begin with; of groups like MS and MS_2 the longer one."""
    both = [g for g in groups if first.startswith(f"{g}_") and second.startswith(f"{g}_")]
    return max(both, key=len, default=None)


def _no_pair(
    label: str, first: str, second: str, names: Collection[str], groups: Sequence[str]
) -> AnalysisError:
    """Say which name is unknown, or which group lacks which contrast."""
    expected = "two contrasts of the analysis, both with their group or both without"
    # one of the two names may be exact, or groups may have one of the two contrasts
    both = [(first, second), *((f"{g}_{first}", f"{g}_{second}") for g in groups)]
    if first in names or second in names:
        both = both[:1]
    halves = [(a, b) if a in names else (b, a) for a, b in both if (a in names) != (b in names)]
    unknown = [n for n in (first, second) if not _is_known(n, names, groups)]
    return AnalysisError(
        f"no group has both contrasts of the pair {label}"
        if halves
        else f"the pair {label} names no contrast of the analysis",
        expected=expected,
        found="; ".join(f"{there} without {lacking}" for there, lacking in halves)
        or listed(list(names), most=8)
        or "no contrasts",
        hint=did_you_mean(unknown[0], [*without_group(names, groups), *names]) if unknown else None,
    )


def _is_known(name: str, names: Collection[str], groups: Sequence[str]) -> bool:
    return name in names or any(f"{g}_{name}" in names for g in groups)


def _refuse_repeats(found: Sequence[ContrastPair], names: Sequence[str]) -> None:
    seen: dict[tuple[int, int], ContrastPair] = {}
    for pair in found:
        earlier = seen.setdefault((pair.first, pair.second), pair)
        if earlier is not pair:
            raise AnalysisError(
                f"two pairs are of the contrasts {names[pair.first]} and {names[pair.second]}",
                found=f"{earlier.pair} and {pair.pair}",
                hint="leave one of them out",
            )
