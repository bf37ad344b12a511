"""Adjustment of P values for the number of features tested."""

from __future__ import annotations

import numpy as np

from analyses.stats.numeric.parallel import for_blocks
from cohortmart.core.types import Floats


def benjamini_hochberg(p: Floats) -> Floats:
    """Adjust P values by Benjamini & Hochberg (1995), missing ones left out.

    Parameters
    ----------
    p : ndarray of shape (n_features,) or (n_features, n_contrasts)
        P values; NaN = not tested. Columns are adjusted one by one.

    Returns
    -------
    ndarray
        Same shape; NaN where `p` is NaN.
    """
    out = np.full(p.shape, np.nan, order="F")
    columns, adjusted = (a[:, None] if a.ndim == 1 else a for a in (p, out))

    def work(start: int, stop: int) -> None:
        for j in range(start, stop):
            column = np.ascontiguousarray(columns[:, j])
            tested = np.flatnonzero(np.isfinite(column))
            adjusted[tested, j] = _adjusted(column[tested])

    for_blocks(columns.shape[1], 1, work)
    return out


def _adjusted(p: Floats) -> Floats:
    """Adjust P values that are all there."""
    order = np.argsort(p)
    rate = p[order] * (len(p) / np.arange(1, len(p) + 1))
    # the smallest rate at which it would be found: that of any larger P value, if smaller
    rate = np.minimum.accumulate(rate[::-1])[::-1]
    out = np.empty(len(p))
    out[order] = np.minimum(rate, 1.0)
    return out
