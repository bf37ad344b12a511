"""Prior of the residual variances, from all features together (limma's fitFDist).

Smyth (2004) Stat Appl Genet Mol Biol 3:3, section 6.2: the log variances minus what chi-square
noise adds to them follow a distribution whose mean and variance give s2_prior and df_prior by
moments. With a trend the mean is a natural spline of the mean expression.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from analyses.stats.numeric.unique_apply import unique_apply
from cohortmart.core.types import Floats

#: How a prior can be estimated.
PriorMethod = Literal["moments", "likelihood"]
#: Fewer features have no common prior.
FEWEST_FEATURES = 2
#: And fewer than this no trend.
FEWEST_OF_TREND = 3


@dataclass(frozen=True)
class VariancePrior:
    """Prior variance and its degrees of freedom.

    Parameters
    ----------
    df_prior : ndarray of shape (n_features,)
        Weight of the prior in degrees of freedom; infinite where the variances do not differ more
        than by chance; the same for all features unless robust.
    s2_prior : ndarray of shape (n_features,)
        The same for all features unless there is a trend.
    method : {"moments", "likelihood"}
        How it was estimated.
    """

    df_prior: Floats
    s2_prior: Floats
    method: PriorMethod = "moments"


def fit_f_dist(s2: Floats, df: Floats, covariate: Floats | None = None) -> VariancePrior:
    """Estimate the prior by moments.

    Parameters
    ----------
    s2 : ndarray of shape (n_features,)
        Residual variances; NaN = none.
    df : ndarray of shape (n_features,)
        Their degrees of freedom; features with 0 say nothing.
    covariate : ndarray of shape (n_features,), optional
        Mean expression, for a trend.

    Notes
    -----
    A single feature is not shrunk (df_prior 0).
    """
    used = np.isfinite(s2) & (df > 0)
    if covariate is not None:
        used &= np.isfinite(covariate)
    everyone = np.ones(len(s2))
    if used.sum() < FEWEST_FEATURES:
        return VariancePrior(0.0 * everyone, np.nan * everyone)
    if used.sum() < FEWEST_OF_TREND:
        covariate = None
    x, d = floored(s2[used]), df[used]
    e = np.log(x) - unique_apply(special.digamma, d / 2) + np.log(d / 2)
    if covariate is None:
        spread = float(e.var(ddof=1))
        location = np.full(len(s2), e.mean())
    else:
        _, spread, location = spline_fit(covariate[used], e, covariate)
    excess = spread - unique_apply(_trigamma, d / 2).mean()
    if excess > 0:
        df_prior = 2.0 * float(trigamma_inverse(np.array(excess)))
        s2_prior = np.exp(location + special.digamma(df_prior / 2) - np.log(df_prior / 2))
        return VariancePrior(df_prior * everyone, s2_prior)
    s2_prior = np.exp(location) if covariate is not None else np.full(len(s2), x.mean())
    return VariancePrior(np.inf * everyone, s2_prior)


def floored(s2: Floats, share: float = 1e-5) -> Floats:
    """Lift variances that are (almost) zero to a share of the median, as the prior needs logs."""
    median = float(np.median(s2))
    if median == 0.0:  # more than half of the features do not vary at all
        median = float(s2[s2 > 0].min()) if (s2 > 0).any() else 1.0
    return np.maximum(s2, share * median)


def _trigamma(x: Floats) -> Floats:
    return np.asarray(special.polygamma(1, x))


def trigamma_inverse(x: Floats) -> Floats:
    """Solve trigamma(y) = x for x > 0 by Newton's method (Smyth 2004, appendix)."""
    y = 0.5 + 1.0 / x
    for _ in range(100):
        tri = special.polygamma(1, y)
        step = tri * (1.0 - tri / x) / special.polygamma(2, y)
        y = y + step
        if np.max(-step / y) < 1e-14:
            break
    return np.asarray(y)


def spline_fit(x: Floats, e: Floats, everywhere: Floats) -> tuple[Floats, float, Floats]:
    """Fit a least-squares natural spline of `e` on `x`.

    Parameters
    ----------
    x, e : ndarray of shape (n,)
    everywhere : ndarray of shape (m,)
        Where else the curve is wanted; NaN gets the mean.

    Returns
    -------
    fitted : ndarray of shape (n,)
    spread : float
        Residual variance.
    location : ndarray of shape (m,)
    """
    n_basis = 1 + (len(x) >= 3) + (len(x) >= 6) + (len(x) >= 30)
    n_basis = min(n_basis, len(np.unique(x)))
    knots = np.unique(np.quantile(x, np.linspace(0, 1, n_basis)))  # many x may be equal
    n_basis = len(knots)
    basis = natural_spline(x, knots)
    coefficients = np.linalg.lstsq(basis, e, rcond=None)[0]
    fitted = basis @ coefficients
    spread = float(((e - fitted) ** 2).sum() / (len(e) - n_basis))
    location = np.full(len(everywhere), float(fitted.mean()))
    finite = np.isfinite(everywhere)
    location[finite] = natural_spline(everywhere[finite], knots) @ coefficients
    return fitted, spread, location


def natural_spline(x: Floats, knots: Floats) -> Floats:
    """Return a basis of the natural cubic splines with these knots, intercept included.

    Parameters
    ----------
    x : ndarray of shape (n,)
    knots : ndarray of shape (k,)
        Increasing; the outer two are the boundary, beyond which the curve is straight.

    Returns
    -------
    ndarray of shape (n, k)
    """
    width = knots[-1] - knots[0]
    if len(knots) == 1 or width == 0:
        return np.ones((len(x), 1))
    u, k = (x - knots[0]) / width, (knots - knots[0]) / width
    columns = [np.ones(len(u)), u]

    def slope(j: int) -> Floats:
        cubes = np.maximum(u - k[j], 0.0) ** 3 - np.maximum(u - k[-1], 0.0) ** 3
        return np.asarray(cubes / (k[-1] - k[j]))

    columns += [slope(j) - slope(len(k) - 2) for j in range(len(k) - 2)]
    return np.column_stack(columns)
