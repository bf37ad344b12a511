"""Adjustment of P values for the number of features tested."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control


def benjamini_hochberg(p: NDArray[np.float64]) -> NDArray[np.float64]:
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
    out = np.full(p.shape, np.nan)
    columns, adjusted = (a[:, None] if a.ndim == 1 else a for a in (p, out))
    for j in range(columns.shape[1]):
        tested = np.isfinite(columns[:, j])
        if tested.any():
            adjusted[tested, j] = false_discovery_control(columns[tested, j], method="bh")
    return out
