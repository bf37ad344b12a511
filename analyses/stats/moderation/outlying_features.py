"""Features whose variance is too large for the prior: they are shrunk less, each by its own df.

Phipson, Lee, Majewski, Alexander & Smyth (2016) Ann Appl Stat 10:946, section 3.3.
"""

from __future__ import annotations

import numpy as np
import scipy  # its parts are imported where they are first used: they take half a second
from scipy import special

from cohortmart.core.types import Floats


def own_df_prior(f: Floats, log_tail: Floats, df_prior: float, least: float, most: float) -> Floats:
    """Return df_prior of every feature: the common one, less where the variance is an outlier.

    Parameters
    ----------
    f : ndarray of shape (n,)
        Variances over s2_prior; they rank the features.
    log_tail : ndarray of shape (n,)
        Log of the probability of one that is larger, where nothing is an outlier.
    df_prior : float
        The common one; may be infinite.
    least : float
        What an outlier beyond doubt has.
    most : float
        What stands in place of an infinite one where a feature may be an outlier.
    """
    n = len(f)
    rank = scipy.stats.rankdata(f)
    log_expected = np.log((n - rank + 0.5) / n)
    not_outlier = np.exp(np.minimum(log_tail - log_expected, 0.0))
    out = np.full(n, df_prior)
    if not (not_outlier < 1).any():
        return out
    order = np.argsort(log_tail, kind="stable")
    if np.isinf(df_prior):
        outlying = not_outlier < 1
        out[outlying] = not_outlier[outlying] * most
    else:
        out = not_outlier * df_prior + (1 - not_outlier) * least
        # the most extreme features share the smallest running mean
        running = np.cumsum(out[order]) / np.arange(1, n + 1)
        lowest = int(np.argmin(running))
        out[order[: lowest + 1]] = running[lowest]
    # a feature that is less of an outlier never has a smaller df_prior
    out[order] = np.maximum.accumulate(out[order])
    return out


def log_upper_tail(f: Floats, df1: float | Floats, df2: float) -> Floats:
    """Return the log of P(F > f), finite far out; `df1` one number or one a value."""
    tail = special.chdtrc(df1, f * df1) if np.isinf(df2) else special.fdtrc(df1, df2, f)
    with np.errstate(divide="ignore"):
        out = np.log(tail)
    if gone := np.flatnonzero(tail <= 0).tolist():
        d1, far = np.broadcast_to(df1, f.shape)[gone], f[gone]
        out[gone] = (
            scipy.stats.chi2.logsf(far * d1, d1)
            if np.isinf(df2)
            else scipy.stats.f.logsf(far, d1, df2)
        )
    return np.asarray(out)
