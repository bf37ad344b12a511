"""Intervals and tests of sums of products of estimates: a change times a slope.

The changes a of the variables and the slopes g are estimated independently. The interval of
a'g is its range over the region {(a, g): |u|^2 + |v|^2 <= 1}, u and v being the distances from
the estimates in units that make the interval of a linear function of a alone, or of g alone, the
common t interval. So it is a profile likelihood interval (Venzon & Moolgavkar 1988, Appl Stat
37:87) with t quantiles in place of normal ones, and for one product it holds 0 exactly where one
of the two t tests does not reject: the intersection-union test of a = 0 or g = 0.

In rotated coordinates the function is c + l'x + x'diag(d)x / 2 on a ball |x| <= 1; its largest
value is that of a trust-region problem, found by Newton steps on the secular equation
sum l_i^2 / (L - d_i)^2 = 1 (More & Sorensen 1983, SIAM J Sci Stat Comput 4:553).
"""

from __future__ import annotations

import numpy as np

from cohortmart.core.types import Floats

_ROUNDS = 50
_CLOSE = 1e-13
_ROOT_2 = np.sqrt(2.0)


def bilinear_range(
    centre: Floats, left: Floats, right: Floats, coupling: Floats
) -> tuple[Floats, Floats]:
    """Return the range of c + sum (left p + right q + coupling p q) over |p|^2 + |q|^2 <= 1.

    Parameters
    ----------
    centre : ndarray of shape (n,)
    left, right, coupling : ndarray of shape (n, m)
        NaN gives NaN.

    Returns
    -------
    low, high : ndarray of shape (n,)
    """
    linear, diagonal = _rotated(left, right, coupling)
    return centre - _rise(-linear, -diagonal), centre + _rise(linear, diagonal)


def _rotated(left: Floats, right: Floats, coupling: Floats) -> tuple[Floats, Floats]:
    """Turn to (p + q) / sqrt 2 and (p - q) / sqrt 2: p q is a difference of squares there."""
    linear = np.concatenate([left + right, left - right], axis=1) / _ROOT_2
    return linear, np.concatenate([coupling, -coupling], axis=1)


def _rise(linear: Floats, diagonal: Floats) -> Floats:
    """Largest l'x + x'diag(d)x / 2 over |x| <= 1; at least one d is not negative.

    Notes
    -----
    At the maximum (L - d) x = l with L >= d; the function is (l'x + L) / 2 there, also where L is
    the largest d and x is not determined along it.
    """
    size = np.abs(linear)
    multiplier = (diagonal + size).max(axis=1)  # every term alone is at most 1 beyond
    squared = linear * linear
    open_ = np.arange(len(linear))
    for _ in range(_ROUNDS):
        gap = multiplier[open_, None] - diagonal[open_]
        with np.errstate(divide="ignore", invalid="ignore"):
            x2 = np.where(squared[open_] > 0, squared[open_] / (gap * gap), 0.0)
            length2 = x2.sum(axis=1)
            slope = np.where(x2 > 0, x2 / gap, 0.0).sum(axis=1)
            step = length2 / slope * (np.sqrt(length2) - 1.0)
        moving = (length2 > 1.0) & (step > _CLOSE * multiplier[open_])
        open_ = open_[moving]
        if open_.size == 0:
            break
        multiplier[open_] += step[moving]
    gap = multiplier[:, None] - diagonal
    with np.errstate(divide="ignore", invalid="ignore"):
        along = np.where(squared > 0, squared / gap, 0.0).sum(axis=1)
    return np.asarray(np.where(np.isnan(linear).any(axis=1), np.nan, (along + multiplier) / 2))


def distance_to_zero(
    centre: Floats, left: Floats, right: Floats, coupling: Floats
) -> tuple[Floats, Floats]:
    """Return how far the nearest (p, q) is in which the function is 0, and the share of p in it.

    Parameters
    ----------
    centre, left, right, coupling
        As in `bilinear_range`.

    Returns
    -------
    distance : ndarray of shape (n,)
        sqrt(|p|^2 + |q|^2).
    share : ndarray of shape (n,)
        |p|^2 over that sum; 1/2 where it is 0.
    """
    linear, diagonal = _rotated(left, right, coupling)
    x = np.full(linear.shape, np.nan)
    known = np.isfinite(centre) & np.isfinite(linear).all(axis=1)
    sign = np.where(centre[known] < 0, -1.0, 1.0)
    x[known] = _nearest(
        centre[known] * sign, linear[known] * sign[:, None], diagonal[known] * sign[:, None]
    )
    m = left.shape[1]
    p = (x[:, :m] + x[:, m:]) / _ROOT_2
    of_p, total = (p * p).sum(axis=1), (x * x).sum(axis=1)
    share = np.where(total == 0, 0.5, of_p / np.where(total == 0, 1.0, total))
    return np.sqrt(total), share


def _nearest(c: Floats, linear: Floats, diagonal: Floats) -> Floats:
    """Shortest x with c + l'x + x'diag(d)x / 2 = 0, for c >= 0.

    Notes
    -----
    x = -m l / (1 + m d), m from 0 up to 1 / max(-d), along which the function falls. Where it is
    positive all the way, no l pulls along the steepest direction: the rest of the way is along it.
    """
    steepest, at = (-diagonal).max(axis=1), (-diagonal).argmax(axis=1)
    x = _point(linear, diagonal, _multiplier(c, linear, diagonal, steepest))
    rest = np.maximum(c + (linear * x + diagonal * x * x / 2).sum(axis=1), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.where((steepest > 0) & (rest > 1e-9 * c), np.sqrt(2 * rest / steepest), 0.0)
    rows = np.arange(len(c))
    x[rows, at] = np.copysign(np.hypot(x[rows, at], far), x[rows, at])
    return x


def _multiplier(c: Floats, linear: Floats, diagonal: Floats, steepest: Floats) -> Floats:
    """Find m by Newton steps between two bounds."""
    squared = linear * linear
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = squared.sum(axis=1)
        flat = np.where(whole > 0, 2 * c / np.where(whole > 0, whole, 1.0), 0.0)
        high = np.where(steepest > 0, 1.0 / np.where(steepest > 0, steepest, 1.0), flat)
    low, m, open_ = np.zeros_like(c), high / 2, np.arange(len(c))
    for _ in range(_ROUNDS):
        l2, d, now = squared[open_], diagonal[open_], m[open_]
        wide = 1.0 + now[:, None] * d
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(l2 > 0, l2 / (wide * wide), 0.0)
            value = c[open_] - now * (part * (1.0 + wide)).sum(axis=1) / 2
            new = now + value / np.where(l2 > 0, part / wide, 0.0).sum(axis=1)
        low[open_] = np.where(value > 0, now, low[open_])
        high[open_] = np.where(value > 0, high[open_], now)
        inside = (new > low[open_]) & (new < high[open_])
        new = np.where(inside, new, (low[open_] + high[open_]) / 2)
        m[open_] = new
        open_ = open_[np.abs(new - now) > _CLOSE * new]
        if open_.size == 0:
            break
    return m


def _point(linear: Floats, diagonal: Floats, m: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        x = -m[:, None] * linear / (1.0 + m[:, None] * diagonal)
    return np.where(linear == 0, 0.0, x)
