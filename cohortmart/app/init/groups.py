"""The groups in their order: the one to compare with first."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from cohortmart.app.init.columns import Column
from cohortmart.app.init.questions import Interview, Question
from cohortmart.app.init.words import is_control


@dataclass(frozen=True)
class Groups:
    """Groups, the reference first.

    Parameters
    ----------
    levels : tuple of str
    why : str
        Why the first is the reference.
    """

    levels: tuple[str, ...]
    why: str


def order_groups(group: Column, timepoint: Column | None, interview: Interview) -> Groups:
    """Put the reference first, and last the groups that no other was seen at the same time as.

    Parameters
    ----------
    group : Column
    timepoint : Column or None
    interview : Interview
        Asked where no group is called like a control.
    """
    alone = _seen_apart(group, timepoint)
    rest = sorted(g for g in group.levels if g not in alone)
    if not rest:
        rest, alone = sorted(group.levels), set()
    controls = [g for g in rest if is_control(g)]
    if controls:
        first, why = controls[0], "called like the group to compare with"
    else:
        why = "the first by its letters: no group is called control, healthy or placebo"
        question = Question(
            "groups", "Which group is the reference, with which others are compared?", rest[0],
            tuple(rest), why,
        )  # fmt: skip
        first = interview.settle(question)
        why = why if interview.is_open("groups") else "as you said"
    if alone:
        why += f"; {', '.join(sorted(alone))} last, as no other group was seen at its timepoints"
    return Groups((first, *(g for g in rest if g != first), *sorted(alone)), why)


def _seen_apart(group: Column, timepoint: Column | None) -> set[str]:
    """Return the groups whose timepoints no other group has."""
    if timepoint is None:
        return set()
    of_time: dict[str, set[str]] = defaultdict(set)
    for g, t in zip(group.cells, timepoint.cells, strict=True):
        if g is not None and t is not None:
            of_time[t].add(g)
    together = {g for groups in of_time.values() if len(groups) > 1 for g in groups}
    return set(group.levels) - together
