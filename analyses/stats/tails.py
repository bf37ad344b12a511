"""Tail probabilities that stay exact when they are tiny.

Every P value is an upper tail, never `1 - cdf`: at t = 20 the latter is 0.
Degrees of freedom may be infinite, which stands for the normal and the chi-square limit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]


def t_two_sided(t: ArrayLike, df: ArrayLike) -> Floats:
    """Return P(|T| >= |t|) of Student's t.

    Parameters
    ----------
    t, df : array_like
        Broadcast against each other; `df` > 0, may be infinite. NaN gives NaN.
    """
    t_, df_ = np.broadcast_arrays(np.asarray(t, float), np.asarray(df, float))
    square = np.minimum(np.abs(t_), 1e150) ** 2  # beyond, the square is no number any more
    finite = np.where(np.isinf(df_), 1.0, df_)
    # I_x(df/2, 1/2) at x = df / (df + t^2); for small t the complement is the exact one
    upper = special.betainc(finite / 2, 0.5, finite / (finite + square))
    lower = special.betaincc(0.5, finite / 2, square / (finite + square))
    p = np.where(square < finite, lower, upper)
    p = np.where(np.isinf(df_), special.erfc(np.abs(t_) / np.sqrt(2)), p)
    return np.asarray(np.where(np.isinf(t_) & (df_ > 0), 0.0, p))


def t_quantile(upper_tail: ArrayLike, df: ArrayLike) -> Floats:
    """Return the t with P(T >= t) = `upper_tail`, for tails up to one half."""
    tail, df_ = np.broadcast_arrays(np.asarray(upper_tail, float), np.asarray(df, float))
    finite = np.where(np.isinf(df_), 1.0, df_)
    return np.asarray(np.where(np.isinf(df_), -special.ndtri(tail), -special.stdtrit(finite, tail)))


def f_upper(f: ArrayLike, df1: ArrayLike, df2: ArrayLike) -> Floats:
    """Return P(F >= f); `df2` may be infinite."""
    f_, a, b = np.broadcast_arrays(*(np.asarray(v, float) for v in (f, df1, df2)))
    finite = np.where(np.isinf(b), 1.0, b)
    return np.asarray(
        np.where(np.isinf(b), special.chdtrc(a, a * f_), special.fdtrc(a, finite, f_))
    )
