"""Robust prior of the residual variances, which outlying features cannot spoil.

Phipson, Lee, Majewski, Alexander & Smyth (2016) Ann Appl Stat 10:946. The prior comes from
moments of winsorised log variances; features whose variance is too large for that prior get a
smaller df_prior of their own, so that they are shrunk less.
"""

from __future__ import annotations

import numpy as np
import scipy  # its parts are imported where they are first used: they take half a second

from analyses.stats.moderation.fit_f_dist import VariancePrior, fit_f_dist, floored
from analyses.stats.moderation.outlying_features import log_upper_tail, own_df_prior
from analyses.stats.numeric.lowess import lowess
from cohortmart.core.types import Bools, Floats

#: Share of the features winsorised at the lower and at the upper end.
TAILS = (0.05, 0.1)
#: Variances below this share of the median are lifted to it; winsorising takes care of the rest.
_FLOOR = 1e-12
#: Share of the features that each local line of the trend uses.
_SPAN = 0.4
#: Among fewer features no outlier can be told, as in limma.
_FEWEST = 10


def fit_f_dist_robust(s2: Floats, df: Floats, covariate: Floats | None = None) -> VariancePrior:
    """Estimate the prior robustly.

    Parameters
    ----------
    s2, df : ndarray of shape (n_features,)
        Residual variances (NaN = none) and their degrees of freedom.
    covariate : ndarray of shape (n_features,), optional
        Mean expression, for a trend.

    Notes
    -----
    Variances on fewer degrees of freedom than most are first replaced by the variance with the
    same tail probability on the largest df, as the theory needs one df. Fewer than ten features
    get the prior of `fit_f_dist`.
    """
    plain = fit_f_dist(s2, df, covariate)
    used = np.isfinite(s2) & (df > 0)
    if covariate is not None:
        used &= np.isfinite(covariate)
    if used.sum() < _FEWEST or not np.isfinite(plain.s2_prior).all():
        return plain
    df1 = float(df[used].max())
    x = _same_df(floored(s2[used], _FLOOR), df[used], df1, plain.df_prior[0], plain.s2_prior[used])
    z = np.log(x)
    centre, location = _centre(z, covariate, used)
    lowest, highest = np.quantile(z - centre, [TAILS[0], 1 - TAILS[1]])
    winsorised = np.clip(z - centre, lowest, highest)
    mean, variance = float(winsorised.mean()), float(winsorised.var(ddof=1))

    d0 = _matching_df(df1, variance, float(plain.df_prior[0]))
    shift = mean - _winsorised_moments(df1, d0)[0]
    s2_prior = np.exp(location + shift)
    log_f = z - centre - shift
    df_prior = np.full(len(s2), d0)
    df_prior[used] = _own_df(log_f, df1, d0, float(len(z) * df1))
    return VariancePrior(df_prior, s2_prior)


def _centre(z: Floats, covariate: Floats | None, used: Bools) -> tuple[Floats, Floats]:
    """Trimmed mean or trend of the log variances: of the features used, and of all."""
    if covariate is None:
        centre = float(scipy.stats.trim_mean(z, TAILS[1]))
        return np.full(len(z), centre), np.full(len(used), centre)
    # a spline would follow the outliers that this prior is meant to withstand
    x = covariate[used]
    order = np.argsort(x, kind="stable")
    curve = lowess(x[order], z[order], span=_SPAN)
    fitted = np.empty(len(z))
    fitted[order] = curve
    location = np.full(len(used), float(fitted.mean()))
    finite = np.isfinite(covariate)
    location[finite] = np.interp(covariate[finite], x[order], curve)
    location[used] = fitted
    return fitted, location


def _same_df(x: Floats, df: Floats, df1: float, d0: float, s0: Floats) -> Floats:
    """Bring variances on fewer degrees of freedom to `df1` by their tail probability."""
    fewer = df < df1
    if not fewer.any():
        return x
    out = x.copy()
    f, d, s = x[fewer] / s0[fewer], df[fewer], s0[fewer]
    d2 = d0 if np.isfinite(d0) else 1e10
    upper = f > 1
    tail = np.where(upper, scipy.stats.f.sf(f, d, d2), scipy.stats.f.cdf(f, d, d2))
    same = np.where(upper, scipy.stats.f.isf(tail, df1, d2), scipy.stats.f.ppf(tail, df1, d2))
    out[fewer] = same * s
    return out


def _winsorised_moments(df1: float, df2: float) -> tuple[float, float]:
    """Mean and variance of a winsorised log F variable, by Gauss-Legendre quadrature."""
    reference = (
        scipy.stats.f(df1, df2) if np.isfinite(df2) else scipy.stats.chi2(df1, scale=1 / df1)
    )
    ends = reference.ppf([TAILS[0], 1 - TAILS[1]])
    squeezed = ends / (1 + ends)  # quadrature on F / (1 + F), which is bounded
    nodes, weights = np.polynomial.legendre.leggauss(128)
    half = (squeezed[1] - squeezed[0]) / 2
    v = squeezed[0] + half * (nodes + 1)
    f = v / (1 - v)
    density = reference.pdf(f) / (1 - v) ** 2 * weights * half
    tails = np.array(TAILS)
    mean = float(density @ np.log(f) + tails @ np.log(ends))
    variance = float(density @ (np.log(f) - mean) ** 2 + tails @ (np.log(ends) - mean) ** 2)
    return mean, variance


def _matching_df(df1: float, variance: float, plain: float) -> float:
    """Find the df_prior whose winsorised variance is the observed one; not below the plain one."""

    def excess(squeezed: float) -> float:
        df2 = squeezed / (1 - squeezed) if squeezed < 1 else np.inf
        return float(np.log(variance / _winsorised_moments(df1, df2)[1]))

    if variance == 0.0 or excess(1.0) <= 0 or not np.isfinite(plain):
        return float("inf")
    start = plain / (1 + plain)
    if excess(start) >= 0:
        return plain
    root = scipy.optimize.brentq(excess, start, 1.0, xtol=1e-12)
    return float(root / (1 - root))


def _own_df(log_f: Floats, df1: float, d0: float, pooled: float) -> Floats:
    """df_prior of every feature: `d0`, less where the variance is an outlier."""
    f = np.exp(log_f)
    least = _outlier_df(float(f.max()), df1, d0) if np.isfinite(d0) else np.inf
    return own_df_prior(f, log_upper_tail(f, df1, d0), d0, least, pooled)


def _outlier_df(largest_f: float, df1: float, d0: float) -> float:
    """df_prior at which the largest F has tail probability one half, in two steps."""
    df = np.log(0.5) / float(log_upper_tail(np.array([largest_f]), df1, d0)[0]) * d0
    return float(np.log(0.5) / float(log_upper_tail(np.array([largest_f]), df1, df)[0]) * df)
