"""Betas from methylated and unmethylated signals, and what stands with them in a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

#: Added to the signals so that weak probes do not swing between 0 and 1 (Illumina's offset).
SIGNAL_OFFSET = 100.0


def betas_of(given: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the values of a block: as they are given, or betas made from signals.

    Parameters
    ----------
    given : mapping of str to np.ndarray
        (rows, samples) by quantity: `value`, or `methylated` and `unmethylated` signals.

    Returns
    -------
    np.ndarray
        (rows, samples). A beta made from signals is M / (M + U + 100), signals below zero (after
        background subtraction) taken as zero.
    """
    if "value" in given:
        return given["value"]
    methylated = np.maximum(given["methylated"], 0.0)
    unmethylated = np.maximum(given["unmethylated"], 0.0)
    betas: np.ndarray = methylated / (methylated + unmethylated + SIGNAL_OFFSET)
    return betas


def further_of(given: Mapping[str, np.ndarray], wanted: Collection[str]) -> dict[str, np.ndarray]:
    """Return the further matrices of a block.

    Parameters
    ----------
    given : mapping of str to np.ndarray
        (rows, samples) by quantity; the beads perhaps as `bead_count_a` and `bead_count_b`.
    wanted : collection of str
        Names of further matrices; signals are given as they are, negative ones included, and the
        number of beads is the smaller one of A and B.
    """
    if "bead_count_a" in given:
        given = {**given, "bead_count": np.fmin(given["bead_count_a"], given["bead_count_b"])}
    return {name: given[name] for name in wanted}
