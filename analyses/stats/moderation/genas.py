"""Biological correlation of two contrasts: of their true changes, without errors (limma's genas).

Majewski, Ritchie, Phipson, Corbin, Pakusch, Ebert, Busslinger, Koseki, Hu, Smyth, Alexander,
Hilton & Blewitt (2010) Blood 116:731; Phipson (2013), PhD thesis, University of Melbourne: the
estimates b_g of two contrasts are true changes with covariance s2_g V0 and errors with covariance
s2_g V_g, so that with moderated variances

    b_g ~ t_2(0, s2_post_g (V_g + V0), df_total_g).

V0 by maximum likelihood gives the biological correlation, and the same without its off-diagonal
the likelihood ratio test; its interval is in `genas_interval`. In limma V_g = V is the same for
all features. Here each may have its own: weights, blocks and missing values are allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy  # its parts are imported where they are first used: they take half a second
from scipy import special

from analyses.stats.moderation.bivariate_t import Standardised, log_likelihood, standardise
from analyses.stats.moderation.genas_interval import profile_interval
from cohortmart.core.types import Floats

_FEWEST = 20  # features that say something of a correlation
#: True changes with less than this share of the errors' variance are none.
_NONE = 1e-3
#: Slope of the log-likelihood, a feature, at which the search ends.
_SLOPE = 1e-7


@dataclass(frozen=True)
class Genas:
    """The biological correlation of two contrasts.

    Parameters
    ----------
    r : float
        Correlation of the true changes, -1 to 1; NaN where one of the two has none: where its
        estimates vary no more than their errors. It is 1 or -1 where they vary more than that
        along one line only.
    technical_r : float
        Correlation of the errors: the mean over the features.
    covariance : ndarray of shape (2, 2)
        V0, of the true changes in units of each feature's variance; positive semi-definite.
    deviance : float
        Twice the log-likelihood that the correlation gains.
    p_value : float
        Of no such correlation: upper tail of chi-square with 1 df at the deviance; NaN where r is.
    n_features : int
        Features with both estimates and a posterior variance.
    ci_low, ci_high : float
        95 % interval of `r` by its profile likelihood; -1 or 1 where the data go with a
        correlation at that bound, NaN where `r` is.
    """

    r: float
    technical_r: float
    covariance: Floats
    deviance: float
    p_value: float
    n_features: int
    ci_low: float
    ci_high: float


def genas(estimate: Floats, unscaled_variance: Floats, s2_post: Floats, df_total: Floats) -> Genas:
    """Estimate the correlation of the true changes of two contrasts by maximum likelihood.

    Parameters
    ----------
    estimate : ndarray of shape (n_features, 2)
        Of the two contrasts; NaN = inestimable, the feature is left out.
    unscaled_variance : ndarray of shape (n_features, 3) or (3,)
        v11, v12 and v22 of the estimates, divided by the residual variance.
    s2_post, df_total : ndarray of shape (n_features,)
        Moderated variances and their degrees of freedom; the latter may be infinite.

    Returns
    -------
    Genas
        NaN where fewer than 20 features can be used: with few the likelihood is highest at -1 or 1.

    Raises
    ------
    ValueError
        The shapes do not fit, or the errors of the two contrasts are proportional.

    Notes
    -----
    V0 = L L' keeps it positive semi-definite; L by a quasi-Newton search with exact gradients,
    begun at the moments of the estimates and at the fit without correlation; the better end
    counts. P and the interval do not know that features are correlated with each other, as
    limma's P does not: they are too sure where they are, and `rotation_test` is the test that
    allows for it.
    """
    data, scale, technical_r = standardise(estimate, unscaled_variance, s2_post, df_total)
    n = len(data.x)
    if n < _FEWEST:
        unknown = np.full((2, 2), np.nan)
        return Genas(np.nan, technical_r, unknown, np.nan, np.nan, n, np.nan, np.nan)
    start = _moments(data)
    root, least = _search(data, np.array([np.sqrt(start[0]), 0.0, np.sqrt(start[2])]), False)
    best, most = _factor(start), -np.inf
    for begin in (_factor(start), root):
        found, height = _search(data, begin, True)
        if height > most:
            best, most = found, height
    if least > most:
        best, most = root, least
    a, c, b = _product(best)
    deviance = max(2.0 * (most - least), 0.0)
    r, p, interval = np.nan, np.nan, (np.nan, np.nan)
    if min(a, b) > _NONE:
        r = float(np.clip(c / np.sqrt(a * b), -1.0, 1.0))
        p = float(special.chdtrc(1.0, deviance))
        interval = profile_interval(data, r, np.sqrt([a, b]), most, deviance)
    covariance = np.array([[a, c], [c, b]]) * scale[:, None] * scale
    return Genas(r, technical_r, covariance, deviance, p, n, *interval)


def _moments(data: Standardised) -> Floats:
    """Mean squares and product of the estimates less those of their errors, where that is valid.

    Each feature counts less the further out it is, as in a t distribution, so that a few large
    changes do not decide where the search begins.
    """
    size = (data.x**2).sum(axis=1)
    with np.errstate(invalid="ignore"):
        heavy = np.where(np.isinf(data.df), 1.0, (data.df + 2.0) / (data.df + size / 10.0))
    x1, x2 = data.x.T
    total = np.array([(heavy * p).mean() for p in (x1 * x1, x1 * x2, x2 * x2)])
    a, c, b = total - data.v.mean(axis=0)
    a, b = max(a, 0.05), max(b, 0.05)
    most = 0.95 * np.sqrt(a * b)
    return np.array([a, np.clip(c, -most, most), b])


def _factor(covariance: Floats) -> Floats:
    """Entries 11, 21 and 22 of the Cholesky factor."""
    a, c, b = covariance
    first = np.sqrt(a)
    return np.array([first, c / first, np.sqrt(b - (c / first) ** 2)])


def _product(root: Floats) -> Floats:
    """Entries 11, 12 and 22 of the covariance with this factor."""
    return np.array([root[0] ** 2, root[0] * root[1], root[1] ** 2 + root[2] ** 2])


def _search(data: Standardised, start: Floats, correlated: bool) -> tuple[Floats, float]:
    """Climb to the largest likelihood from a factor; return its factor and the likelihood."""
    free = [0, 1, 2] if correlated else [0, 2]
    n = len(data.x)

    def downhill(chosen: Floats) -> tuple[float, Floats]:
        root = np.zeros(3)
        root[free] = chosen
        height, (a, c, b) = log_likelihood(data, _product(root))
        slope = np.array(
            [2 * root[0] * a + root[1] * c, root[0] * c + 2 * root[1] * b, 2 * root[2] * b]
        )
        return -height / n, -slope[free] / n

    found = scipy.optimize.minimize(
        downhill,
        start[free],
        jac=True,
        method="BFGS",
        options={"gtol": _SLOPE, "maxiter": 200},
    )
    root = np.zeros(3)
    root[free] = found.x
    return root, -n * float(found.fun)
