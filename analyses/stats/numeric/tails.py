"""Tail probabilities that stay exact when they are tiny.

Every P value is an upper tail, never `1 - cdf`: at t = 20 the latter is 0.
Degrees of freedom may be infinite, which stands for the normal and the chi-square limit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from cohortmart.core.types import Floats


def t_two_sided(t: ArrayLike, df: ArrayLike) -> Floats:
    """Return P(|T| >= |t|) of Student's t.

    Parameters
    ----------
    t, df : array_like
        Broadcast against each other; `df` > 0, may be infinite. NaN gives NaN.
    """
    t_, df_ = np.broadcast_arrays(np.asarray(t, float), np.asarray(df, float))
    size = np.abs(t_)
    square = np.minimum(size, 1e150) ** 2  # beyond, the square is no number any more
    p = np.full(size.shape, np.nan)
    # I_x(df/2, 1/2) at x = df / (df + t^2); for small t the complement is the exact one
    known = (df_ > 0) & ~np.isnan(size)
    finite = known & np.isfinite(df_)
    lower, upper = finite & (square < df_), finite & (square >= df_)
    for chosen, function in ((lower, _lower), (upper, _upper)):
        p[chosen] = function(square[chosen], df_[chosen])
    cauchy, normal = df_ == 1, np.isinf(df_) & known
    p[cauchy] = np.arctan2(1.0, size[cauchy]) * (2 / np.pi)  # the beta function loses digits
    p[normal] = special.erfc(size[normal] / np.sqrt(2))
    p[known & np.isinf(size)] = 0.0
    return p


def _lower(square: Floats, df: Floats) -> Floats:
    return np.asarray(special.betaincc(0.5, df / 2, square / (df + square)))


def _upper(square: Floats, df: Floats) -> Floats:
    return np.asarray(special.betainc(df / 2, 0.5, df / (df + square)))


def t_quantile(upper_tail: ArrayLike, df: ArrayLike) -> Floats:
    """Return the t with P(T >= t) = `upper_tail`, for tails up to one half."""
    tail, df_ = np.broadcast_arrays(np.asarray(upper_tail, float), np.asarray(df, float))
    finite = np.where(np.isinf(df_), 1.0, df_)
    return np.asarray(np.where(np.isinf(df_), -special.ndtri(tail), -special.stdtrit(finite, tail)))


def f_upper(f: ArrayLike, df1: ArrayLike, df2: ArrayLike) -> Floats:
    """Return P(F >= f); `df2` may be infinite."""
    f_, a, b = np.broadcast_arrays(*(np.asarray(v, float) for v in (f, df1, df2)))
    infinite = np.isinf(b)
    if not infinite.any():  # the chi-square tail costs six times the other
        return np.asarray(special.fdtrc(a, b, f_))
    finite = np.where(infinite, 1.0, b)
    return np.asarray(np.where(infinite, special.chdtrc(a, a * f_), special.fdtrc(a, finite, f_)))
