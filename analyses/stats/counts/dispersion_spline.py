"""Maximum of a cubic spline through values on equal steps."""

from __future__ import annotations

import numpy as np

from cohortmart.core.types import Floats


def spline_maximum(x: Floats, values: Floats) -> Floats:
    """Return the maximum of the spline next to the largest value, for many curves.

    Parameters
    ----------
    x : ndarray of shape (n_points,)
        At least 4, in equal steps.
    values : ndarray of shape (n_curves, n_points)

    Returns
    -------
    ndarray of shape (n_curves,)
        The end itself where the curve rises to an end.

    Notes
    -----
    The spline of Forsythe, Malcolm & Moler (1977), Computer Methods for Mathematical
    Computations: its third derivative in the first and last step is that of the cubic through the
    four points there.
    """
    step = float(x[1] - x[0])
    bends = values @ _bends(len(x)).T / step**2
    top = np.argmax(values, axis=1)
    rows = np.arange(len(values))
    best_x: Floats = x[top].astype(np.float64)
    best: Floats = values[rows, top].copy()
    for first in (top - 1, top):
        inside = (first >= 0) & (first < len(x) - 1)
        left = np.clip(first, 0, len(x) - 2)
        at, height = _peak(
            step,
            values[rows, left],
            values[rows, left + 1],
            bends[rows, left],
            bends[rows, left + 1],
        )
        better = inside & (height > best)
        best_x = np.where(better, x[left] + at, best_x)
        best = np.where(better, height, best)
    return best_x


def _bends(n: int) -> Floats:
    """Matrix that turns values one step apart into second derivatives at the points."""
    left, right = np.zeros((n, n)), np.zeros((n, n))
    for i in range(1, n - 1):
        left[i, i - 1 : i + 2] = 1.0, 4.0, 1.0
        right[i, i - 1 : i + 2] = 6.0, -12.0, 6.0
    third = -1.0, 3.0, -3.0, 1.0
    left[0, :2], right[0, :4] = (-1.0, 1.0), third
    left[-1, -2:], right[-1, -4:] = (-1.0, 1.0), third
    return np.asarray(np.linalg.solve(left, right))


def _peak(step: float, y0: Floats, y1: Floats, m0: Floats, m1: Floats) -> tuple[Floats, Floats]:
    """Local maximum within a step, from values and second derivatives at its ends."""
    slope = (y1 - y0) / step - step * (2.0 * m0 + m1) / 6.0
    third = (m1 - m0) / step
    # slope + m0 t + third t^2 / 2 = 0, written so that a third of 0 does no harm
    root = m0**2 - 2.0 * third * slope
    with np.errstate(divide="ignore", invalid="ignore"):
        t = 2.0 * slope / (np.sqrt(root) - m0)
    t = np.where((t > 0.0) & (t < step), t, 0.0)
    return t, y0 + t * (slope + t * (m0 / 2.0 + t * third / 6.0))
