"""Costly functions of numbers that repeat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def unique_apply(function: Callable[[Floats], Floats], x: Floats) -> Floats:
    """Return `function(x)`, called once for each different value.

    Parameters
    ----------
    function : callable
        Elementwise.
    x : ndarray of shape (n,)
    """
    values, where = np.unique(x, return_inverse=True)
    return np.asarray(np.asarray(function(values))[where])
