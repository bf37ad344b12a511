"""States of a return: what became of a difference, in one word of a closed list."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cohortmart.core.types import Bools, Floats

#: Adjusted P below which a return, or a difference that grows, counts as found.
FOUND = 0.05
NO_DIFFERENCE = "no difference"
BACK, OVERSHOOT, IN_PART, TOWARDS = "back", "overshoot", "in part", "towards"
AWAY, STAYS, UNCLEAR = "away", "stays", "unclear"
STATES = (BACK, OVERSHOOT, IN_PART, TOWARDS, AWAY, STAYS, UNCLEAR, NO_DIFFERENCE)


def return_states(
    ci_low: Floats, ci_high: Floats, tested: Bools, adj_p: Floats, adj_p_away: Floats, margin: float
) -> NDArray[np.str_]:
    """Say of every feature what became of its difference.

    Parameters
    ----------
    ci_low, ci_high : ndarray of shape (n_features,)
        95 % interval of the share that is gone; NaN where it is unbounded.
    tested : ndarray of bool
        Whether there is a difference at baseline, at 5 %.
    adj_p, adj_p_away : ndarray
        Adjusted P of a return, and of a difference that grows.
    margin : float
        Share of the difference that may be left, or be overshot, where it counts as gone.

    Returns
    -------
    ndarray of str
        One of `STATES`. Found to return: `back` (the whole interval is within `margin` of 1),
        else `overshoot` (all above 1), `in part` (all below 1), `towards` (1 is in it, and more
        than the margin). Found to grow: `away`. Neither: `stays` (the whole interval is within
        `margin` of 0), else `unclear`.
    """
    with np.errstate(invalid="ignore"):
        found, grows = adj_p < FOUND, adj_p_away < FOUND
        rules = (
            (~tested, NO_DIFFERENCE),
            (found & (ci_low > 1.0 - margin) & (ci_high < 1.0 + margin), BACK),
            (found & (ci_low > 1.0), OVERSHOOT),
            (found & (ci_high < 1.0), IN_PART),
            (found, TOWARDS),
            (grows, AWAY),
            ((ci_low > -margin) & (ci_high < margin), STAYS),
        )
    return np.select([when for when, _ in rules], [state for _, state in rules], default=UNCLEAR)
