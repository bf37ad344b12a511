"""Censoring of measurements: what stands with each value of a continuous assay in the lake."""

from __future__ import annotations

import numpy as np

from cohortmart.core.types import Bools, Floats

#: Names of the matrices beside the values, in their order in the lake: 1 = below the detection
#: limit; the limit itself, NaN = not said; the quality as its place in `QC_FLAGS`.
CENSORING = ("below_detection", "detection_limit", "qc_flag")
#: What is said of the quality of a measurement, from the best to the worst; `above` = it lies
#: above the range of the instrument. The macro `qc_word` gives the words back.
QC_FLAGS = ("pass", "warn", "fail", "above")
#: Units that are logarithms to base 2 already: half of a limit is 1 less.
_LOG2_UNITS = frozenset({"npx", "log2"})


def is_log2(unit: str | None) -> bool:
    """Whether a unit is a logarithm to base 2 (`NPX`, `log2 CPM`)."""
    words = (unit or "").lower().replace("(", " ").split()
    return bool(words) and words[0] in _LOG2_UNITS


def is_percent(unit: str | None) -> bool:
    """Whether a unit counts in hundredths."""
    return (unit or "").strip().lower() in ("percent", "%", "per cent", "percentage")


def same_unit(one: str, other: str) -> bool:
    """Whether two units are one, written with other case, blanks or words for percent."""
    if is_percent(one) and is_percent(other):
        return True
    first, second = ("".join(u.casefold().split()) for u in (one, other))
    return first == second


def transformed_unit(unit: str | None, transform: str) -> str:
    """Return the unit of transformed values, and so of log_fc; empty where none is said."""
    if transform == "none":
        return unit or ""
    if transform == "rank_normal":
        return "normal score"
    return f"{transform} {unit}" if unit else transform


def taken_values(
    values: Floats, below: Bools, limits: Floats, rule: str, log2_scale: Bools
) -> Floats:
    """Return what an analysis takes of measurements below the detection limit.

    Parameters
    ----------
    values : ndarray of shape (n_features, n_samples)
        As measured; of `<0.5` the limit itself.
    below : ndarray of bool of the same shape
    limits : ndarray of the same shape
        Detection limits, NaN = not said: then the value itself counts as the limit.
    rule : {"value", "missing", "half"}
        `below_detection` in study.yml. Half of the limit is taken on the scale of amounts.
    log2_scale : ndarray of bool of shape (n_features,)
        Features whose unit is a logarithm to base 2.
    """
    if rule == "value" or not below.any():
        return values
    if rule == "missing":
        return np.where(below, np.nan, values)
    limit = np.where(np.isnan(limits), values, limits)
    half = np.where(log2_scale[:, None], limit - 1.0, limit / 2.0)
    return np.where(below, half, values)
