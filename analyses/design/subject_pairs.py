"""Subjects of a contrast: compared within them, between them, and with how many pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from analyses.design.contrast_sides import Sides, sample_weights, sides_of
from analyses.design.design import Design, SamplesOnCurve
from analyses.design.mean_weights import mean_weights, other_weights
from cohortmart.core.types import Floats

Kind = Literal["within", "between", "mixed", "unknown"]


@dataclass(frozen=True)
class ContrastPairs:
    """Which samples and people a contrast compares.

    Parameters
    ----------
    kind : {"within", "between", "mixed", "unknown"}
        `within`: each side has the same people (a change in time). `between`: each side has
        different people. `mixed`: both, as when changes are compared between groups.
        `unknown`: no sample has a weight in it.
    n_samples, n_subjects : int
        Those in the combinations that the contrast names, or on its curves; for the slope of a
        number those with a weight in its least-squares estimate.
    n_complete : int
        People with a sample in every combination that their part of the contrast names, on
        both sides: the complete pairs of a change in time. On a curve: people with samples at
        different values of it. For the slope of a number: people whose samples are compared
        with each other.
    """

    kind: Kind
    n_samples: int
    n_subjects: int
    n_complete: int


def describe_contrast(design: Design, weights: Floats, samples: pl.DataFrame) -> ContrastPairs:
    """Say which people a contrast compares with whom.

    Combinations of levels that share people, directly or through another one, are a part. A part
    compares people with themselves if its weights add up to 0. Where a contrast takes in a number
    every person is a part, with the weights of the samples in the least-squares estimate.

    Parameters
    ----------
    design : Design
    weights : ndarray of shape (n_coefficients,)
        One column of `Contrasts.matrix`.
    samples : DataFrame
        Rows of `dim_sample` with `sample_id` and `subject_id`; at least those of the design.

    Returns
    -------
    ContrastPairs
    """
    subject_of = dict(samples.select("sample_id", "subject_id").iter_rows())
    subjects = [str(subject_of[s]) for s in design.sample_ids]
    if design.curve is not None and not other_weights(design, weights):
        return _from_curve(design, design.curve, mean_weights(design, weights), subjects)
    sides = sides_of(design, weights)
    if sides is None or not sides.weights:
        return _from_estimate(sample_weights(design, weights), subjects)
    return _from_sides(sides, subjects)


def _from_sides(sides: Sides, subjects: Sequence[str]) -> ContrastPairs:
    people: dict[str, set[str]] = {label: set() for label in sides.weights}
    n_samples = 0
    for label, subject in zip(sides.labels, subjects, strict=True):
        if label in people:
            people[label].add(subject)
            n_samples += 1
    parts = _sharing_people(people)
    complete = [
        set.intersection(*(people[n] for n in p)) for p in parts if _is_both_sided(p, sides.weights)
    ]
    kind = _kind(parts, sides)
    everyone = set().union(*people.values())
    return ContrastPairs(kind, n_samples, len(everyone), len(set().union(*complete)))


def _from_curve(
    design: Design, curve: SamplesOnCurve, weights: dict[str, float], subjects: Sequence[str]
) -> ContrastPairs:
    """Every person on a curve has a part in all of its knots."""
    of_level: dict[str, list[str]] = {}
    for label in weights:
        level = design.mean_levels[label][0] if curve.by is not None else ""
        of_level.setdefault(level, []).append(label)
    on = {level: people_on_curve(curve, level, subjects) for level in of_level}
    people = {label: set(on[level]) for level, labels in of_level.items() for label in labels}
    sides = Sides((), weights, design.mean_levels)
    parts = _sharing_people(people)
    complete: set[str] = set()
    for part in (p for p in parts if _is_both_sided(p, weights)):
        levels = [level for level in of_level if of_level[level][0] in part]
        # a change along a curve shows in people who are at several places of it
        shown = [
            {s for s, at in on[level].items() if len(at) > _is_both_sided(of_level[level], weights)}
            for level in levels
        ]
        complete |= set.intersection(*shown)
    n_samples = sum(level in of_level for level in curve.levels)
    everyone = set().union(*people.values())
    return ContrastPairs(_kind(parts, sides), n_samples, len(everyone), len(complete))


def people_on_curve(
    curve: SamplesOnCurve, level: str, subjects: Sequence[str]
) -> dict[str, set[float]]:
    """Return the people on one curve and the values of it at which each has samples.

    Parameters
    ----------
    curve : SamplesOnCurve
    level : str
        Of `by`; empty where there is one curve for all.
    subjects : sequence of str, length n_samples
    """
    found: dict[str, set[float]] = {}
    for subject, of, value in zip(subjects, curve.levels, curve.values.tolist(), strict=True):
        if of == level:
            found.setdefault(subject, set()).add(value)
    return found


def _kind(parts: list[list[str]], sides: Sides) -> Kind:
    if not any(_is_both_sided(p, sides.weights) for p in parts):
        return "between"
    largest = max(map(abs, sides.weights.values()))
    sums = [abs(sum(sides.weights[n] for n in p)) for p in parts]
    if max(sums) < 1e-9 * largest and _same_direction(sides, parts):
        return "within"
    return "mixed"


def _is_both_sided(part: Sequence[str], weights: dict[str, float]) -> bool:
    return len({weights[n] > 0 for n in part}) == 2


def _sharing_people(people: dict[str, set[str]]) -> list[list[str]]:
    """Group the combinations that share people, directly or through another one."""
    parts: list[list[str]] = []
    for label in people:
        touching = [p for p in parts if any(people[label] & people[n] for n in p)]
        rest = [p for p in parts if p not in touching]
        parts = [*rest, [n for p in touching for n in p] + [label]]
    return parts


def _same_direction(sides: Sides, parts: list[list[str]]) -> bool:
    """Return whether no level counts up in one part of the people and down in another.

    (MS.3rd - MS.1st) + (HP.3rd - HP.1st) pools changes; with a minus it compares them.
    """
    signs: dict[tuple[str, ...], set[bool]] = {}
    for part in parts:
        levels = [sides.levels[n] for n in part]
        vary = [i for i in range(len(levels[0])) if len({x[i] for x in levels}) > 1]
        for name, x in zip(part, levels, strict=True):
            signs.setdefault(tuple(x[i] for i in vary), set()).add(sides.weights[name] > 0)
    return all(len(s) == 1 for s in signs.values())


def _from_estimate(share: Floats, subjects: Sequence[str]) -> ContrastPairs:
    """Take every person as a part, as where the contrast is the slope of a number."""
    of_person: dict[str, list[float]] = {}
    for subject, weight in zip(subjects, share.tolist(), strict=True):
        if weight:
            of_person.setdefault(subject, []).append(weight)
    own = {s for s, of in of_person.items() if min(of) < 0 < max(of)}
    largest = float(np.abs(share).max(initial=0.0))
    kind: Kind
    if not of_person:
        kind = "unknown"
    elif not own:
        kind = "between"
    elif all(abs(sum(of)) < 1e-9 * largest * len(of) for of in of_person.values()):
        kind = "within"
    else:
        kind = "mixed"
    return ContrastPairs(kind, int(np.count_nonzero(share)), len(of_person), len(own))
