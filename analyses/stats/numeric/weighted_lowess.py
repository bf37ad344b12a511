"""Locally weighted regression of points that count differently: lowess with prior weights.

Cleveland's (1979, J Am Stat Assoc 74:829) local lines as limma's weightedLowess has them, without
robustness rounds: a point of weight 3 counts as three points, in the line and in how wide the
line's window is.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from cohortmart.core.types import Floats

#: About as many places have a line of their own; straight lines join them.
_ANCHORS = 200


def weighted_lowess(x: Floats, y: Floats, weights: Floats, span: float) -> Floats:
    """Smooth y on x.

    Parameters
    ----------
    x : ndarray of shape (n,)
        In increasing order.
    y : ndarray of shape (n,)
    weights : ndarray of shape (n,)
        Positive.
    span : float
        Share of the total weight that each local line uses.

    Returns
    -------
    ndarray of shape (n,)
        The curve at x.

    Raises
    ------
    ValueError
        x is not sorted.
    """
    if np.any(np.diff(x) < 0):
        raise ValueError("x must be sorted")
    if len(x) < 2:
        return y.copy()
    at = _anchors(x, _spacing(x))
    total = np.concatenate([[0.0], np.cumsum(weights)])
    heights = [_local_line(x, y, weights, i, _radius(x, total, i, span)) for i in at]
    return np.asarray(np.interp(x, x[at], heights))


def _spacing(x: Floats) -> float:
    """Least distance of anchors, so that there are about 200 however the points are spread.

    Whatever number of the widest gaps is left out, the anchors left share what remains.
    """
    gaps = np.sort(np.diff(x))[::-1]
    widest = np.concatenate([[0.0], np.cumsum(gaps)])[: _ANCHORS - 1]
    return float(((gaps.sum() - widest) / (_ANCHORS - np.arange(len(widest)))).min())


def _anchors(x: Floats, spacing: float) -> list[int]:
    """Return the first point, always the next beyond the spacing, and the last; x all differ."""
    last, out = 0, [0]
    while last < len(x) - 1:
        last = min(int(np.searchsorted(x, x[last] + spacing, side="right")), len(x) - 1)
        if x[last] > x[out[-1]]:
            out.append(last)
    return out


def _radius(x: Floats, total: Floats, i: int, span: float) -> float:
    """Distance within which x[i] has its nearest neighbours that hold the share of the weight."""
    right, left = x[i:] - x[i], x[i] - x[i::-1]
    wanted = span * total[-1]

    def enough(radius: float) -> bool:
        first = i + 1 - np.searchsorted(left, radius, side="right")
        beyond = i + np.searchsorted(right, radius, side="right")
        return bool(total[beyond] - total[first] >= wanted)

    def least(distances: Floats) -> float:
        found = bisect_left(distances, True, key=enough)
        return float(distances[found]) if found < len(distances) else np.inf

    nearest = min(least(right), least(left))
    return nearest if np.isfinite(nearest) else float(max(right[-1], left[-1]))


def _local_line(x: Floats, y: Floats, weights: Floats, i: int, radius: float) -> float:
    """Value at x[i] of the line through its neighbours, the nearer the heavier (tricube)."""
    first = int(np.searchsorted(x, x[i] - radius, side="left"))
    beyond = int(np.searchsorted(x, x[i] + radius, side="right"))
    rows = slice(min(first, i), max(beyond, i + 1))
    away, w = x[rows] - x[i], weights[rows]
    if radius > 0.0:
        far = np.abs(away) / radius
        kernel = np.clip(1.0 - far * far * far, 0.0, None)
        w = w * (kernel * kernel * kernel)
    w = w / w.sum()
    # sums, not products of vectors: those would start threads for two hundred small lines
    centre, height = float((w * away).sum()), float((w * y[rows]).sum())
    pull = w * (away - centre)
    spread = float((pull * (away - centre)).sum())
    if spread <= 1e-14 * (x[-1] - x[0]) ** 2:
        return height
    return height - centre * float((pull * y[rows]).sum()) / spread
