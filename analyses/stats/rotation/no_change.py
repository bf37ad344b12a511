"""The correlation of a difference with the change after it, where nothing changes.

The difference at baseline has its true part, and its error is in the change with the other sign,
so both correlate although nothing changes; by how much depends on how large the true differences
are beside the errors. The change and the residuals are rotated together while what the difference
has of its own stays (Langsrud 2005, doi 10.1007/s11222-005-4789-5): true differences of any size
are allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.rotation.rotation import RotationSums
from cohortmart.core.types import Floats


@dataclass(frozen=True, eq=False)
class NoChangeTest:
    """The correlation of each pair (change, difference) beside its value without a change.

    Parameters
    ----------
    r : ndarray of shape (n_pairs,)
        As given.
    no_change : ndarray of shape (n_pairs,)
        Median of the rotations.
    low, high : ndarray of shape (n_pairs,)
        95 % of the rotations lie between these.
    p_value : ndarray of shape (n_pairs,)
        One-sided: that `r` is as far below. Like the others NaN where the two are one but for a
        factor, and where fewer than three features could be rotated.
    """

    r: Floats
    no_change: Floats
    low: Floats
    high: Floats
    p_value: Floats


def no_change_test(
    sums: RotationSums, r_observed: Floats, n_rotations: int = 9999, *, seed: int
) -> NoChangeTest:
    """Compare the correlation of changes with differences with what no change gives.

    Parameters
    ----------
    sums : RotationSums
        With all features added; of pairs (change, difference).
    r_observed : ndarray of shape (n_contrasts, n_contrasts)
        See `contrast_correlations`.
    n_rotations : int
        The smallest possible P is 1 / (n_rotations + 1).
    seed : int

    Notes
    -----
    P counts the observed arrangement among the rotations (Phipson & Smyth 2010, doi
    10.2202/1544-6115.1585). It is one-sided, as changes that have nothing to do with the difference
    bring r nearer to 0, and that is no return.
    """
    i, j = sums.pairs.T
    r = np.asarray(r_observed[i, j], dtype=float)
    rotated = sums.rotated(n_rotations, seed, second_stays=True)
    known = np.isfinite(r) & np.isfinite(rotated).all(axis=0)
    middle, low, high, p = np.full((4, len(r)), np.nan)
    chosen = rotated[:, known]
    if known.any():
        low[known], middle[known], high[known] = np.quantile(chosen, [0.025, 0.5, 0.975], axis=0)
        p[known] = (1 + (chosen <= r[known]).sum(axis=0)) / (n_rotations + 1)
    return NoChangeTest(r, middle, low, high, p)
