"""Weights of means: what a contrast says about the means of the samples' combinations."""

from __future__ import annotations

import numpy as np

from analyses.design.design import INTERCEPT, Design
from cohortmart.core.types import Floats

#: Weights below this share of the largest are rounding of the arithmetic.
_ROUNDING = 1e-12


def mean_weights(design: Design, weights: Floats) -> dict[str, float]:
    """Return the weight of each combination's mean, zeros left out.

    With a baseline `HP.1st` is the difference to the baseline's mean; here it is taken apart.

    Parameters
    ----------
    design : Design
    weights : ndarray of shape (n_coefficients,)

    Returns
    -------
    dict of str to float
        In the order of the design's combinations; empty for a formula.
    """
    of = dict(zip(design.columns, map(float, weights), strict=True))
    if design.baseline is None:
        raw = {label: of[label] for label in design.mean_levels}
    else:
        raw = {label: of.get(label, 0.0) for label in design.mean_levels}
        raw[design.baseline] = of[INTERCEPT] - sum(raw.values())
    return _without_zeros(raw, weights)


def other_weights(design: Design, weights: Floats) -> dict[str, float]:
    """Return the weights of the coefficients that are no mean, zeros left out.

    Parameters
    ----------
    design : Design
    weights : ndarray of shape (n_coefficients,)
    """
    means = {*design.mean_levels, *([INTERCEPT] if design.baseline is not None else [])}
    of = zip(design.columns, map(float, weights), strict=True)
    return _without_zeros({name: w for name, w in of if name not in means}, weights)


def _without_zeros(raw: dict[str, float], weights: Floats) -> dict[str, float]:
    smallest = _ROUNDING * float(np.abs(weights).max(initial=0.0))
    return {name: w for name, w in raw.items() if abs(w) > smallest}
