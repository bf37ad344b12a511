"""Rebound: two changes in opposite directions, tested together.

A feature rebounds if both of its changes are real and their signs differ. That is an
intersection-union test: the null hypothesis is the union of "the first change is zero", "the
second is zero" and "both go the same way", and it is rejected where the larger of the two P values
is small (Berger 1982, Technometrics 24:295) and the signs differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyses.rebound.pairs import ContrastPair, PairDifference
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.types import Floats


@dataclass(frozen=True)
class ReboundTest:
    """A pair of contrasts tested in every feature; arrays of one shape, NaN = not tested.

    Parameters
    ----------
    p_rebound, p_same : ndarray
        For changes in opposite directions, and in the same direction.
    adj_p_rebound, adj_p_same : ndarray
        Benjamini-Hochberg over the features tested.
    """

    p_rebound: Floats
    p_same: Floats
    adj_p_rebound: Floats
    adj_p_same: Floats


def rebound_test(
    log_fc_first: Floats, log_fc_second: Floats, p_first: Floats, p_second: Floats
) -> ReboundTest:
    """Test for a rebound and for two changes in the same direction, adjusted over the features.

    Parameters
    ----------
    log_fc_first, log_fc_second, p_first, p_second : ndarray of shape (n_features,)
        Estimates and two-sided P values of the two contrasts; NaN = not tested.
    """
    p_rebound, p_same = rebound_p(log_fc_first, log_fc_second, p_first, p_second)
    return ReboundTest(p_rebound, p_same, benjamini_hochberg(p_rebound), benjamini_hochberg(p_same))


def rebound_p(
    log_fc_first: Floats, log_fc_second: Floats, p_first: Floats, p_second: Floats
) -> tuple[Floats, Floats]:
    """Return the P values of a rebound and of two changes in the same direction.

    Parameters
    ----------
    log_fc_first, log_fc_second, p_first, p_second : ndarray, all of one shape
        Estimates and two-sided P values of the two contrasts; NaN = not tested.

    Returns
    -------
    p_rebound : ndarray
        The larger of the two P values where the signs of the estimates differ, else 1.
    p_same : ndarray
        The same where the signs agree. An estimate of exactly 0 has no sign: both are 1.

    Notes
    -----
    P(p_rebound <= a) <= a whenever the product of the true changes is not negative, whatever the
    correlation of the estimates: `docs/statistics.md`, Rebound.
    """
    # the product of the estimates themselves could underflow to zero
    direction = np.sign(log_fc_first) * np.sign(log_fc_second)
    larger = np.maximum(p_first, p_second)  # NaN if either is
    missing = np.isnan(direction) | np.isnan(larger)
    p_rebound, p_same = (np.where(direction == d, larger, 1.0) for d in (-1.0, 1.0))
    return np.where(missing, np.nan, p_rebound), np.where(missing, np.nan, p_same)


def rebound_class(log_fc_first: Floats, log_fc_second: Floats) -> NDArray[np.str_]:
    """Name the directions of the two changes.

    Returns
    -------
    ndarray of str
        `up-down`, `down-up`, `up-up` or `down-down`; empty where an estimate is 0 or NaN.
    """
    first, second = (
        np.select([x > 0, x < 0], ["up", "down"], default="") for x in (log_fc_first, log_fc_second)
    )
    joined = np.char.add(np.char.add(first, "-"), second)
    return np.where((first == "") | (second == ""), "", joined)


def amplitude_contrasts(matrix: Floats, pairs: Sequence[ContrastPair]) -> Floats:
    """Write each pair as one contrast: the peak against the mean of the two ends.

    (first - second) / 2; with `3rd-1st` and `PP-3rd` this is 3rd - (1st + PP) / 2, whose standard
    error takes in the correlation of the two changes.

    Parameters
    ----------
    matrix : ndarray of shape (n_coefficients, n_contrasts)
    pairs : sequence of ContrastPair

    Returns
    -------
    ndarray of shape (n_coefficients, n_pairs)
    """
    first, second = [p.first for p in pairs], [p.second for p in pairs]
    return np.asarray((matrix[:, first] - matrix[:, second]) / 2)


def difference_contrasts(
    matrix: Floats, pairs: Sequence[ContrastPair], differences: Sequence[PairDifference]
) -> Floats:
    """Write the amplitude in a group minus the amplitude in its reference group as a contrast.

    Parameters
    ----------
    matrix : ndarray of shape (n_coefficients, n_contrasts)
    pairs : sequence of ContrastPair
    differences : sequence of PairDifference
        Of those pairs.

    Returns
    -------
    ndarray of shape (n_coefficients, n_differences)
    """
    place = {(p.pair, p.study_group): i for i, p in enumerate(pairs)}
    amplitude = amplitude_contrasts(matrix, pairs)
    own = [place[d.pair, d.study_group] for d in differences]
    reference = [place[d.pair, d.reference_group] for d in differences]
    return np.asarray(amplitude[:, own] - amplitude[:, reference])
