"""The share of a difference that is gone, with Fieller's interval.

A difference x at baseline and the change c that follows it are estimated with errors that go
together: whatever lifts the baseline by chance makes the difference larger and the change smaller.
return = 1 - (x + c) / x = -c / x is a ratio of two such estimates. Fieller (1954, J R Stat Soc B
16:175) asks of each ratio R whether c + R x is 0, which is linear, so its interval is exact for
normal errors and says where nothing can be said: it is unbounded where x itself is not told from 0.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from cohortmart.core.types import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class Returning:
    """A difference of every feature at baseline and the change after it; arrays (n_features,).

    Parameters
    ----------
    baseline, change : ndarray
        Estimates in the units of the feature; NaN = inestimable.
    baseline_variance, change_variance, covariance : ndarray
        Of the two estimates, moderated.
    df : ndarray
        Degrees of freedom of these variances; may be infinite.
    """

    baseline: Floats
    change: Floats
    baseline_variance: Floats
    change_variance: Floats
    covariance: Floats
    df: Floats

    def rows(self, at: slice | Ints) -> Returning:
        """Return some of the features."""
        return Returning(*(getattr(self, field.name)[at] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class ReturnShare:
    """How much of the difference is gone; arrays (n_features,).

    Parameters
    ----------
    share : ndarray
        1 = all of it, 0 = none; below 0 the difference grew, above 1 it turned round. NaN where
        the difference at baseline is 0 or unknown.
    ci_low, ci_high : ndarray
        95 % interval; NaN where it is unbounded.
    is_bounded : ndarray of bool
        Whether the difference at baseline is told from 0, at 5 %.
    """

    share: Floats
    ci_low: Floats
    ci_high: Floats
    is_bounded: Bools


def return_share(given: Returning, quantile: Floats) -> ReturnShare:
    """Return the share of the difference that is gone, with its interval.

    Parameters
    ----------
    given : Returning
    quantile : ndarray of shape (n_features,)
        97.5 % point of t with the features' degrees of freedom; infinite where the difference is
        known to be smaller, which leaves the interval unbounded.

    Notes
    -----
    The R with (c + R x)^2 <= q^2 var(c + R x): A R^2 - 2 B R + C <= 0, A = x^2 - q^2 var(x),
    B = -c x + q^2 cov(x, c), C = c^2 - q^2 var(c). Bounded where A > 0, that is |t| of x above q.
    """
    x, c, q2 = given.baseline, given.change, quantile**2
    with np.errstate(divide="ignore", invalid="ignore"):
        a = x**2 - q2 * given.baseline_variance
        b = q2 * given.covariance - c * x
        last = c**2 - q2 * given.change_variance
        bounded = a > 0
        # b^2 - a last, without the terms that cancel
        k, vx, vc = given.covariance, given.baseline_variance, given.change_variance
        root2 = q2 * (x**2 * vc + c**2 * vx - 2.0 * k * c * x) - q2**2 * (vx * vc - k**2)
        # the root away from 0 first: their product is last / a, so that no digits are lost
        far = b + np.where(b < 0, -1.0, 1.0) * np.sqrt(np.maximum(root2, 0.0))
        ends = far / a, np.where(far == 0, 0.0, last / far)
        low, high = np.minimum(*ends), np.maximum(*ends)
        share = np.where(x == 0, np.nan, -c / x)
    known = bounded & np.isfinite(share)
    return ReturnShare(
        share, np.where(known, low, np.nan), np.where(known, high, np.nan), np.asarray(known)
    )
