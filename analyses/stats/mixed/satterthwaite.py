"""Satterthwaite's degrees of freedom of contrasts with two estimated variance components.

Satterthwaite (1946) Biometrics Bull 2:110; Giesbrecht & Burns (1985) Biometrics 41:477; of joint
tests Fai & Cornelius (1996) J Stat Comput Simul 54:363; as lmerTest has them (Kuznetsova,
Brockhoff & Christensen 2017, J Stat Softw 82:13).

The variance of a contrast is f = s2 phi(l), l = t2 / s2. Its degrees of freedom, 2 f^2 / (g'A g)
with g the gradient of f and A the inverse of the observed information of both components, do not
depend on how the two are written. Along s2 and l they come to

    1 / df = 1 / n_free + (d log(s2(l) phi(l)) / dl)^2 / curvature,

s2(l) = rss(l) / n_free being the profile and `curvature` the second derivative of the deviance
along it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohortmart.core.types import Bools, Floats

_EQUAL = 1e-8  # degrees of freedom that differ less count as the same, as in lmerTest


@dataclass(frozen=True)
class RatioInformation:
    """What the data say of the ratio l of the two components; arrays of shape (n_features,).

    Parameters
    ----------
    n_free : ndarray
        Residual degrees of freedom, blocks not fitted.
    drift : ndarray
        d log s2(l) / dl.
    curvature : ndarray
        Of the deviance along the profile.
    estimated : ndarray of bool
        False at l = 0, where the model is that of independent samples with `n_free` degrees of
        freedom (there the deviance is even in the standard deviation of the blocks).
    """

    n_free: Floats
    drift: Floats
    curvature: Floats
    estimated: Bools


def ratio_information(
    d: Floats, squares: Floats, rss: Floats, n_free: Floats, ratio: Floats, inside: Bools
) -> RatioInformation:
    """Differentiate the profile of the deviance twice.

    Parameters
    ----------
    d : ndarray of shape (n_features or 1, k)
        Eigenvalues of the projected block indicators, 0 = no information.
    squares : ndarray of shape (n_features, k)
        Squared residuals along them.
    rss : ndarray of shape (n_features,)
        Generalised residual sum of squares over s2 at the estimate.
    n_free, ratio : ndarray of shape (n_features,)
        The ratio is estimated by restricted maximum likelihood, 0 included.
    inside : ndarray of shape (n_features,), bool
        False where the ratio is the largest one allowed: the likelihood has no maximum there and
        the expected information takes the place of the observed one.

    Notes
    -----
    The deviance is n_free log s2 + sum log(1 + l d_k) + rss(l) / s2.
    """
    shrunk = 1.0 / (1.0 + ratio[:, None] * d)
    a = d * shrunk
    free = np.maximum(n_free, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = squares * shrunk * a / (rss / free)[:, None]
        first, second = part.sum(axis=1), (part * a).sum(axis=1)
        observed = 2.0 * second - (a * a).sum(axis=1) - first * first / free
        # the expectation of each square is s2 (1 + l d_k)
        level = a.sum(axis=1) / free
        apart = np.where(d > 0, a - level[:, None], 0.0)
        rest = np.maximum(free - (d > 0).sum(axis=1), 0.0)
        expected = (apart * apart).sum(axis=1) + rest * level * level
        inside = inside & (observed > 0)
        drift = -np.where(inside, first / free, level)
    return RatioInformation(n_free, drift, np.where(inside, observed, expected), ratio > 0)


def satterthwaite_df(relative_slope: Floats, information: RatioInformation) -> Floats:
    """Return the degrees of freedom of variances s2 phi(l).

    Parameters
    ----------
    relative_slope : ndarray of shape (n_features, m)
        d log phi / dl.

    Returns
    -------
    ndarray of shape (n_features, m)
        Between 0 and `n_free`.
    """
    n_free = information.n_free[:, None]
    change = relative_slope + information.drift[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        df = 1.0 / (1.0 / n_free + change**2 / information.curvature[:, None])
    return np.where(information.estimated[:, None], df, n_free)


def joint_df(df: Floats) -> Floats:
    """Return the denominator degrees of freedom of an F test of independent directions.

    Parameters
    ----------
    df : ndarray of shape (n_features, q)
        Of each direction.

    Returns
    -------
    ndarray of shape (n_features,)
        2 E / (E - q), E = sum df / (df - 2): those of the F distribution with the mean of F. 2,
        its limit, where a direction has no more than 2; all equal: theirs. The rules of lmerTest.
    """
    q = df.shape[1]
    equal = np.ptp(df, axis=1) < _EQUAL
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = (2.0 / (df - 2.0)).sum(axis=1)  # E - q, without loss where df is large
        found = np.where((df > 2.0).all(axis=1), 2.0 * (q / excess + 1.0), 2.0)
    found = np.where(np.isnan(df).any(axis=1), np.nan, found)
    return np.where(equal, df.mean(axis=1), found)
