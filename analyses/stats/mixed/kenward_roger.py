"""Kenward and Roger's covariance, degrees of freedom and F of two estimated variance components.

Kenward & Roger (1997) Biometrics 53:983, with the expected information of the restricted
likelihood, as pbkrtest has them (Halekoh & Højsgaard 2014, J Stat Softw 59:9) and lmerTest's
`ddf = "Kenward-Roger"`.

The covariance of the coefficients is s2 phi(l), l = t2 / s2 the ratio of the variances of blocks
and noise. As it is linear in both variances, all that Kenward and Roger add for its being estimated
comes to

    phi(l) - v phi''(l),   v = Var(l) = 2 / [ sum a_k^2 - (sum a_k)^2 / n_free ],

a_k = d_k / (1 + l d_k). With m_j the eigenvalues of phi^-1 phi' along q directions, and
level = sum a_k / n_free, the sums A1 and A2 of the paper are

    A1 = 2 q^2 / n_free + v (sum_j (m_j - level))^2,   A2 = 2 q / n_free + v sum_j (m_j - level)^2.

One direction has 2 / A2 degrees of freedom and the scale 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohortmart.core.types import Bools, Floats

_ZERO = 1e-10
_NEAR_TWO = 1e-2  # degrees of freedom this near to 2 have the scale 1, the limit, as in pbkrtest


@dataclass(frozen=True)
class ExpectedInformation:
    """What data like these say of both components; arrays of shape (n_features,).

    Parameters
    ----------
    n_free : ndarray
        Residual degrees of freedom, blocks not fitted.
    level : ndarray
        sum a_k / n_free.
    variance : ndarray
        Of the estimated ratio; 0 where it is not estimated.
    """

    n_free: Floats
    level: Floats
    variance: Floats

    def of(self, rows: slice | np.ndarray) -> ExpectedInformation:
        """Choose features."""
        return ExpectedInformation(self.n_free[rows], self.level[rows], self.variance[rows])


def expected_information(
    d: Floats, n_free: Floats, ratio: Floats, known: Bools
) -> ExpectedInformation:
    """Invert the expected information of log s2 and l.

    Parameters
    ----------
    d : ndarray of shape (n_features or 1, k)
        Eigenvalues of the projected block indicators, 0 = no information.
    n_free, ratio : ndarray of shape (n_features,)
        The ratio may be 0: a variance component of 0 is estimated like any other.
    known : ndarray of shape (n_features,), bool
        Whether the components can be told apart; if not, the ratio is 0 and no estimate.
    """
    a = d / (1.0 + ratio[:, None] * d)
    free = np.maximum(n_free, 1.0)
    level = a.sum(axis=1) / free
    # the sum of squares around the level, directions without blocks among them: no cancellation
    apart = np.where(d > 0, a - level[:, None], 0.0)
    rest = np.maximum(free - (d > 0).sum(axis=1), 0.0)
    curvature = (apart * apart).sum(axis=1) + rest * level * level
    told = known & (curvature > 0)
    variance = np.where(told, 2.0 / np.where(told, curvature, 1.0), 0.0)
    return ExpectedInformation(n_free, level, variance)


def kenward_roger_df(relative_slope: Floats, information: ExpectedInformation) -> Floats:
    """Return the degrees of freedom of single contrasts.

    Parameters
    ----------
    relative_slope : ndarray of shape (n_features, m)
        d log phi / dl of each.

    Returns
    -------
    ndarray of shape (n_features, m)
        Between 0 and `n_free`.
    """
    change = relative_slope - information.level[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        own = information.variance[:, None] / 2.0 * change**2
        return np.asarray(1.0 / (1.0 / information.n_free[:, None] + own))


def kenward_roger_f(slopes: Floats, information: ExpectedInformation) -> tuple[Floats, Floats]:
    """Return the denominator degrees of freedom of F tests and the scale of their statistic.

    Parameters
    ----------
    slopes : ndarray of shape (n_features, q)
        Eigenvalues of phi^-1 phi' along the q directions.

    Returns
    -------
    tuple of ndarray of shape (n_features,)
        Degrees of freedom and scale: scale x F has the F distribution with q and these. NaN where
        the approximation gives none: with a handful of people its moments leave the range of an
        F distribution (pbkrtest goes on with negative ones).
    """
    q = slopes.shape[1]
    if q == 1:
        df = kenward_roger_df(slopes, information)[:, 0]
        return df, np.ones_like(df)
    apart, v = slopes - information.level[:, None], information.variance
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        a1 = 2.0 * q * q / information.n_free + v * apart.sum(axis=1) ** 2
        a2 = 2.0 * q / information.n_free + v * (apart**2).sum(axis=1)
        b = (a1 + 6.0 * a2) / (2.0 * q)
        g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
        rest = 3.0 * q + 2.0 * (1.0 - g)
        c1, c2, c3 = g / rest, (q - g) / rest, (q + 2 - g) / rest
        mean = 1.0 - a2 / q  # 1 / E
        below = 1.0 - c2 * b
        both = (np.abs(mean) < _ZERO) & (np.abs(below) < _ZERO)  # exactly 2 degrees of freedom
        # V / (2 E^2)
        rho = np.where(both, 1.0, mean / below) ** 2 * (1.0 + c1 * b) / (q * (1.0 - c3 * b))
        df = 4.0 + (q + 2) / (q * rho - 1.0)
        scale = np.where(np.abs(df - 2.0) < _NEAR_TWO, 1.0, df * mean / (df - 2.0))
        proper = (df > 0) & (scale > 0) & np.isfinite(df) & np.isfinite(scale)
    return np.where(proper, df, np.nan), np.where(proper, scale, np.nan)
