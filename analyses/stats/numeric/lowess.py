"""Locally weighted regression (Cleveland 1979, J Am Stat Assoc 74:829).

As in R: local lines with tricube weights at anchor points `delta` apart, straight lines between
them, and rounds that give points far from the curve less weight (bisquare).
"""

from __future__ import annotations

import numpy as np

from cohortmart.core.types import Floats


def adaptive_span(n: int, few: int, least: float = 0.3) -> float:
    """Return a span that shrinks with the number of points.

    Parameters
    ----------
    n : int
        Points to smooth.
    few : int
        Up to so many the span is 1.
    least : float
        What it tends to with ever more points.

    Notes
    -----
    least + (1 - least) (few / n)^(1/3), at most 1: limma's chooseLowessSpan. A curve through few
    points would follow their noise; through many it can bend more.
    """
    return float(least + (1.0 - least) * np.cbrt(few / n)) if n > few else 1.0


def lowess(
    x: Floats, y: Floats, span: float = 0.5, rounds: int = 3, delta: float | None = None
) -> Floats:
    """Smooth y on x.

    Parameters
    ----------
    x : ndarray of shape (n,)
        In increasing order.
    y : ndarray of shape (n,)
    span : float
        Share of the points that each local line uses.
    rounds : int
        Robustness rounds after the first fit.
    delta : float, optional
        Least distance of anchor points; 1 % of the range of x by default.

    Returns
    -------
    ndarray of shape (n,)
        The curve at x.

    Raises
    ------
    ValueError
        x is not sorted.
    """
    n = len(x)
    if np.any(np.diff(x) < 0):
        raise ValueError("x must be sorted")
    if n < 2:
        return y.copy()
    width = x[-1] - x[0]
    near = max(min(int(span * n + 1e-7), n), 2)
    anchors = _anchors(x, 0.01 * width if delta is None else delta)
    windows = [_window(x, i, near) for i in anchors]
    robustness = np.ones(n)
    fitted = y.copy()
    for turn in range(rounds + 1):
        heights = np.array(
            [
                _local_line(x[a:b], y[a:b], robustness[a:b], x[i], h, width, y[i])
                for i, (a, b, h) in zip(anchors, windows, strict=True)
            ]
        )
        fitted = _join(x, anchors, heights)
        if turn == rounds:
            break
        size = np.abs(y - fitted)
        scale = 6.0 * float(np.median(size))
        if scale <= 1e-7 * size.mean():  # more than half lie on the curve
            break
        robustness = np.clip(1.0 - (size / scale) ** 2, 0.0, None) ** 2
        robustness[size <= 0.001 * scale] = 1.0
        robustness[size > 0.999 * scale] = 0.0
    return fitted


def _anchors(x: Floats, delta: float) -> list[int]:
    """Points where a line is fitted: the last within delta of the one before, or the next."""
    n, last, out = len(x), 0, [0]
    while last < n - 1:
        end = int(np.searchsorted(x, x[last] + delta, side="right"))  # first point beyond
        ties = int(np.searchsorted(x, x[last], side="right")) - 1
        nxt = max(max(last, min(ties, end - 1)) + 1, end - 1)
        if ties > last:
            last = ties  # equal x share one value
            if last >= n - 1:
                if out[-1] != last:
                    out.append(last)
                break
        last = min(max(last + 1, nxt), n - 1)
        out.append(last)
    return out


def _window(x: Floats, i: int, near: int) -> tuple[int, int, float]:
    """First and one past the last point that can have weight at x[i], and the radius."""
    left, last = 0, len(x) - near
    # the first window from which a step to the right brings in no nearer point
    while left < last:
        middle = (left + last) // 2
        if x[i] - x[middle] > x[middle + near] - x[i]:
            left = middle + 1
        else:
            last = middle
    h = max(x[i] - x[left], x[left + near - 1] - x[i])
    end = int(np.searchsorted(x, x[i] + h, side="right"))
    return left, max(end, left + near), h


def _local_line(
    x: Floats, y: Floats, robustness: Floats, at: float, h: float, width: float, own: float
) -> float:
    """Value at `at` of the weighted line through the points of a window."""
    distance = np.abs(x - at)
    w = np.clip(1.0 - (distance / h) ** 3, 0.0, None) ** 3 if h > 0 else np.ones(len(x))
    w[distance <= 0.001 * h] = 1.0
    w[distance > 0.999 * h] = 0.0
    w = w * robustness
    total = w.sum()
    if total <= 0:
        return own
    w = w / total
    if h > 0:
        centre = float(w @ x)
        spread = float(w @ (x - centre) ** 2)
        if np.sqrt(spread) > 0.001 * width:
            w = w * (1.0 + (at - centre) / spread * (x - centre))
    return float(w @ y)


def _join(x: Floats, anchors: list[int], heights: Floats) -> Floats:
    at = x[anchors]
    keep = np.append(np.diff(at) > 0, True)
    return np.asarray(np.interp(x, at[keep], heights[keep]))
