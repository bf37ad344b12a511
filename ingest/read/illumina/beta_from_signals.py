"""From what the scanner's software wrote for a probe to beta, detection p and beads."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

#: Added to the signals so that weak probes do not swing between 0 and 1 (Illumina's offset).
SIGNAL_OFFSET = 100.0


def quantities(given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the values of a block and what stands beside them.

    Parameters
    ----------
    given : mapping of str to np.ndarray
        (rows, samples) by quantity: `value`, or `methylated` and `unmethylated` signals; perhaps
        `detection_p`; perhaps `bead_count`, or `bead_count_a` and `bead_count_b`.

    Returns
    -------
    dict
        `values`, and `detection_p` and `bead_count` where they were given. A beta made from
        signals is M / (M + U + 100), signals below zero (after background subtraction) taken as
        zero; the number of beads is the smaller one of A and B.
    """
    out: dict[str, np.ndarray] = {}
    if "value" in given:
        out["values"] = given["value"]
    else:
        methylated = np.maximum(given["methylated"], 0.0)
        unmethylated = np.maximum(given["unmethylated"], 0.0)
        out["values"] = methylated / (methylated + unmethylated + SIGNAL_OFFSET)
    if "detection_p" in given:
        out["detection_p"] = given["detection_p"]
    if "bead_count" in given:
        out["bead_count"] = given["bead_count"]
    elif "bead_count_a" in given:
        out["bead_count"] = np.fmin(given["bead_count_a"], given["bead_count_b"])
    return out
