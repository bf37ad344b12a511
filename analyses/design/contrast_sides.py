"""The two sides of a contrast: which combinations of levels it compares, and how it weighs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analyses.design.design import Design
from analyses.design.mean_weights import mean_weights, other_weights
from cohortmart.core.types import Floats

#: Weights below this share of the largest are rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Sides:
    """Combinations of levels and their weights.

    Parameters
    ----------
    labels : tuple of str, length n_samples
        Each sample's combination.
    weights : dict of str to float
        Combination to its weight in the contrast; those without are left out.
    levels : mapping of str to tuple of str
        Combination to its levels.
    """

    labels: tuple[str, ...]
    weights: dict[str, float]
    levels: Mapping[str, tuple[str, ...]]


def sides_of(design: Design, weights: Floats) -> Sides | None:
    """Return the sides of a contrast; None where it takes in a number, or lies on a curve.

    A contrast of means names its combinations. For one of other coefficients they are those of
    the categories behind these coefficients, and of the categories that the model crosses with
    them; the weight of a combination is the sum of its samples' weights in the least-squares
    estimate.

    Parameters
    ----------
    design : Design
    weights : ndarray of shape (n_coefficients,)
    """
    if design.mean_labels is not None and not other_weights(design, weights):
        return Sides(design.mean_labels, mean_weights(design, weights), design.mean_levels)
    names = _categories_behind(design, weights)
    if not names:
        return None
    parts = list(zip(*(design.categories[n] for n in names), strict=True))
    levels = {".".join(p): p for p in sorted(set(parts))}
    labels = tuple(".".join(p) for p in parts)
    share = sample_weights(design, weights)
    sums = {label: float(share[np.array([x == label for x in labels])].sum()) for label in levels}
    least = _ROUNDING * max(map(abs, sums.values()))
    return Sides(labels, {n: w for n, w in sums.items() if abs(w) > least}, levels)


def sample_weights(design: Design, weights: Floats) -> Floats:
    """Return the weight of each sample in the least-squares estimate of a contrast.

    Parameters
    ----------
    design : Design
    weights : ndarray of shape (n_coefficients,)

    Returns
    -------
    ndarray of shape (n_samples,)
        Rounding is set to 0.
    """
    share = np.linalg.pinv(design.matrix).T @ weights
    share[np.abs(share) < _ROUNDING * np.abs(share).max(initial=0.0)] = 0.0
    return np.asarray(share)


def _categories_behind(design: Design, weights: Floats) -> list[str]:
    """Categories of the named coefficients and those crossed with them; none if one is a number."""
    if not design.column_variables:
        return []
    named = np.flatnonzero(np.abs(weights) > _ROUNDING * np.abs(weights).max(initial=0.0))
    found = {v for i in named for v in design.column_variables[i]}
    if not found <= design.categories.keys():
        return []
    terms = [of for of in design.column_variables if of <= design.categories.keys()]
    while further := {v for of in terms if of & found for v in of} - found:
        found |= further
    # in the order of the model's columns
    order = list(dict.fromkeys(v for of in design.column_variables for v in sorted(of)))
    return sorted(found, key=order.index)
