"""Tails of the bivariate normal distribution: both of two variables beyond thresholds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from cohortmart.core.types import Floats

#: Thresholds below are 0.
_ZERO = 1e-100


def upper_orthant(a: ArrayLike, b: ArrayLike, rho: ArrayLike) -> Floats:
    """Return P(Z1 > a, Z2 > b) of a bivariate standard normal with correlation `rho`.

    The probability that one is high and the other low, P(Z1 > a, Z2 < -b), is that of `-rho`.

    Parameters
    ----------
    a, b : array_like
        Thresholds, which may be infinite.
    rho : array_like
        Within [-1, 1]. The three are broadcast against each other; NaN gives NaN.

    Returns
    -------
    ndarray
        To 1e-15, whatever the correlation.

    Raises
    ------
    ValueError
        A correlation outside [-1, 1].

    Notes
    -----
    By Owen's T function (Owen 1956, "Tables for computing bivariate normal probabilities").
    """
    h, k, r = np.broadcast_arrays(*(np.asarray(v, float) for v in (a, b, rho)))
    if (np.abs(r) > 1).any():
        raise ValueError(f"{r[np.abs(r) > 1].flat[0]} is no correlation")
    both = np.where(np.isposinf(np.maximum(h, k)), 0.0, _tail(np.maximum(h, k)))
    unknown = np.isnan(h) | np.isnan(k) | np.isnan(r)
    out = np.where(unknown, np.nan, both)  # right where a threshold is infinite, too
    straight = np.abs(r) == 1
    # the same variable twice, or one and its negative
    out = np.where(straight & (r < 0), np.maximum(_tail(h) - special.ndtr(k), 0.0), out)
    usual = np.isfinite(h) & np.isfinite(k) & (np.abs(r) < 1)
    out[usual] = _by_owens_t(h[usual], k[usual], r[usual])
    return out


def both_beyond(a: ArrayLike, b: ArrayLike, rho: ArrayLike) -> Floats:
    """Return P(|Z1| > a, |Z2| > b) of a bivariate standard normal with correlation `rho`.

    Parameters
    ----------
    a, b : array_like
        Thresholds, 0 or more; may be infinite.
    rho : array_like
        Within [-1, 1]. The three are broadcast against each other; NaN gives NaN.

    Raises
    ------
    ValueError
        A negative threshold, or a correlation outside [-1, 1].
    """
    h, k, r = np.broadcast_arrays(*(np.asarray(v, float) for v in (a, b, rho)))
    if (np.minimum(h, k) < 0).any():
        raise ValueError("thresholds of absolute values must not be negative")
    return np.asarray(2 * (upper_orthant(h, k, r) + upper_orthant(h, k, -r)))


def _tail(x: Floats) -> Floats:
    return np.asarray(special.ndtr(-x))


def _by_owens_t(a: Floats, b: Floats, rho: Floats) -> Floats:
    """Take finite thresholds and correlations inside (-1, 1)."""
    # P(Z1 < h, Z2 < k); what is next to 0 becomes 0, for products of it would, too
    h, k = (np.where(np.abs(x) < _ZERO, 0.0, -x) for x in (a, b))
    width = np.sqrt((1 - rho) * (1 + rho))
    opposite = (h * k < 0) | ((h * k == 0) & (h + k < 0))
    total = 0.5 * (special.ndtr(h) + special.ndtr(k)) - np.where(opposite, 0.5, 0.0)
    for x, y in ((h, k), (k, h)):
        total -= special.owens_t(x, _slope(x, y, rho, width))
    centre = (h == 0) & (k == 0)
    total[centre] = 0.25 + np.arcsin(rho[centre]) / (2 * np.pi)
    return np.asarray(np.maximum(total, 0.0))


def _slope(x: Floats, y: Floats, rho: Floats, width: Floats) -> Floats:
    """Return (y - rho x) / (x sqrt(1 - rho^2)), the difference without cancellation."""
    near = np.where(rho > 0, (y - x) + (1 - rho) * x, (y + x) - (1 + rho) * x)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(near / (x * width))
