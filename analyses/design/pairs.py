"""How a contrast uses the people: within them, between them, and with how many pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analyses.design.mean_weights import mean_weights, other_weights
from analyses.design.model_matrix import Design


@dataclass(frozen=True)
class ContrastPairs:
    """Which samples and people a contrast compares.

    Parameters
    ----------
    kind : {"within", "between", "mixed", "unknown"}
        `within`: each side has the same people (a change in time). `between`: each side has
        different people. `mixed`: both, as when changes are compared between groups.
        `unknown`: the contrast names coefficients that are no means of samples, so it has no
        sides.
    n_samples, n_subjects : int
        Those in the combinations that the contrast names; where the kind is unknown, those
        with a weight in its least-squares estimate.
    n_complete : int
        People with a sample in every combination that their part of the contrast names, on
        both sides: the complete pairs of a change in time. 0 where the kind is unknown.
    """

    kind: Literal["within", "between", "mixed", "unknown"]
    n_samples: int
    n_subjects: int
    n_complete: int


def describe_contrast(
    design: Design, weights: NDArray[np.float64], samples: pl.DataFrame
) -> ContrastPairs:
    """Say which people a contrast compares with whom.

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
        For formulas and covariates no combinations are named, so their kind is unknown.
    """
    subject_of = dict(samples.select("sample_id", "subject_id").iter_rows())
    subjects = [str(subject_of[s]) for s in design.sample_ids]
    if design.mean_labels is None or other_weights(design, weights):
        return _from_estimate(design, weights, subjects)
    return _from_means(design, mean_weights(design, weights), subjects)


def _from_means(design: Design, weights: dict[str, float], subjects: list[str]) -> ContrastPairs:
    people: dict[str, set[str]] = {label: set() for label in weights}
    n_samples = 0
    for label, subject in zip(design.mean_labels or (), subjects, strict=True):
        if label in weights:
            people[label].add(subject)
            n_samples += 1
    parts = _sharing_people(people)
    both_sided = [p for p in parts if len({weights[n] > 0 for n in p}) == 2]
    complete = [set.intersection(*(people[n] for n in p)) for p in both_sided]
    kind: Literal["within", "between", "mixed"]
    if not both_sided:
        kind = "between"
    elif all(abs(sum(weights[n] for n in p)) < 1e-9 for p in parts) and _same_direction(
        design, weights, parts
    ):
        kind = "within"
    else:
        kind = "mixed"
    everyone = set().union(*people.values())
    return ContrastPairs(kind, n_samples, len(everyone), len(set().union(*complete)))


def _sharing_people(people: dict[str, set[str]]) -> list[list[str]]:
    """Group the combinations that share people, directly or through another one."""
    parts: list[list[str]] = []
    for label in people:
        touching = [p for p in parts if any(people[label] & people[n] for n in p)]
        rest = [p for p in parts if p not in touching]
        parts = [*rest, [n for p in touching for n in p] + [label]]
    return parts


def _same_direction(design: Design, weights: dict[str, float], parts: list[list[str]]) -> bool:
    """Return whether no level counts up in one part of the people and down in another.

    (MS.3rd - MS.1st) + (HP.3rd - HP.1st) pools changes; with a minus it compares them.
    """
    signs: dict[tuple[str, ...], set[bool]] = {}
    for part in parts:
        levels = [design.mean_levels[n] for n in part]
        vary = [i for i in range(len(levels[0])) if len({x[i] for x in levels}) > 1]
        for name, x in zip(part, levels, strict=True):
            signs.setdefault(tuple(x[i] for i in vary), set()).add(weights[name] > 0)
    return all(len(s) == 1 for s in signs.values())


def _from_estimate(
    design: Design, weights: NDArray[np.float64], subjects: list[str]
) -> ContrastPairs:
    share = np.abs(np.linalg.pinv(design.matrix).T @ weights)
    used = share > 1e-9 * share.max(initial=0.0)
    people = {subject for subject, counts in zip(subjects, used, strict=True) if counts}
    return ContrastPairs("unknown", int(used.sum()), len(people), 0)
