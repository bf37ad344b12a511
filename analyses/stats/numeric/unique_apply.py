"""Costly functions applied once to each distinct number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cohortmart.core.types import Floats


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
