"""Sizes of the two sides of a contrast: how many people stand on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analyses.design.contrast_sides import Sides, sides_of
from analyses.design.mean_weights import mean_weights, other_weights
from analyses.design.model_matrix import Design
from analyses.design.subject_pairs import people_on_curve
from cohortmart.core.types import Floats

#: Names and how many people each has.
Counts = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class ContrastSides:
    """People of a contrast.

    Parameters
    ----------
    plus, minus : tuple of (str, int)
        People in each combination of either side; of a curve, on each curve. Empty where the
        contrast takes in a number.
    by_group : tuple of (str, int)
        People of each group in all of its combinations; on a curve, at several places of it.
    on_curve : str
        Number of the curve, such as `pregnancy_week`; or empty.
    """

    plus: Counts = ()
    minus: Counts = ()
    by_group: Counts = ()
    on_curve: str = ""


def contrast_sides(design: Design, weights: Floats, samples: pl.DataFrame) -> ContrastSides:
    """Count the people on the sides of a contrast.

    Parameters
    ----------
    design : Design
    weights : ndarray of shape (n_coefficients,)
        Of the contrast.
    samples : DataFrame
        The rows of `dim_sample` in the order of the design.
    """
    subjects = samples["subject_id"].cast(pl.String).to_list()
    if design.curve is not None and not other_weights(design, weights):
        return _of_curve(design, weights, subjects)
    sides = sides_of(design, weights)
    if sides is None:
        return ContrastSides()
    groups = samples["study_group"].cast(pl.String).to_list()
    return _of_combinations(sides, subjects, _one_group_each(subjects, groups))


def _one_group_each(subjects: Sequence[str], groups: Sequence[str]) -> dict[str, str]:
    """Return the group of each person; of one whose group changes, all of theirs together."""
    found: dict[str, dict[str, None]] = {}
    for subject, group in zip(subjects, groups, strict=True):
        found.setdefault(subject, {})[group] = None
    return {subject: " and ".join(sorted(of)) for subject, of in found.items()}


def _of_combinations(
    sides: Sides, subjects: Sequence[str], group_of: dict[str, str]
) -> ContrastSides:
    people: dict[str, set[str]] = {label: set() for label in sides.weights}
    for label, subject in zip(sides.labels, subjects, strict=True):
        if label in people:
            people[label].add(subject)
    by_group = []
    for group in sorted({group_of[s] for members in people.values() for s in members}):
        members = [{s for s in m if group_of[s] == group} for m in people.values()]
        with_members = [m for m in members if m]
        if len(with_members) > 1:
            by_group.append((group, len(set.intersection(*with_members))))
    return ContrastSides(
        plus=tuple((n, len(people[n])) for n, w in sides.weights.items() if w > 0),
        minus=tuple((n, len(people[n])) for n, w in sides.weights.items() if w < 0),
        by_group=tuple(by_group),
    )


def _of_curve(design: Design, weights: Floats, subjects: Sequence[str]) -> ContrastSides:
    assert design.curve is not None
    total: dict[str, float] = {}
    for label, weight in mean_weights(design, weights).items():
        level = "" if design.curve.by is None else design.mean_levels[label][0]
        total[level] = total.get(level, 0.0) + weight
    on = {level: people_on_curve(design.curve, level, subjects) for level in total}
    largest = float(np.abs(weights).max())
    return ContrastSides(
        plus=tuple((n, len(on[n])) for n, w in total.items() if w > 1e-9 * largest),
        minus=tuple((n, len(on[n])) for n, w in total.items() if w < -1e-9 * largest),
        by_group=tuple(
            (level, sum(len(at) > 1 for at in on[level].values())) for level in sorted(total)
        ),
        on_curve=design.curve.of,
    )
