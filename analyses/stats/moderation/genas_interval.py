"""Interval of a biological correlation: its profile likelihood.

For every correlation rho of the true changes the two standard deviations that go best with it give
the profile likelihood; rho is in the 95 % interval if it lies less than half the 95 % point of
chi-square with 1 df below the maximum (Venzon & Moolgavkar 1988, doi 10.2307/2347496; Pawitan
2001, In All Likelihood, 3.4). Unlike r -+ 1.96 standard errors such an interval stays within -1
and 1, and ends there if the data go with it: it is then one-sided.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy  # its parts are imported where they are first used: they take half a second
from scipy import special

from analyses.stats.moderation.bivariate_t import Standardised, log_likelihood
from cohortmart.core.types import Floats

_LEVEL = 0.95
#: Slope of the log-likelihood, a feature, at which a search of the standard deviations ends.
_SLOPE = 1e-7
#: Gain of a step, a feature, at which it ends: 1e-5 of a deviance of a million features.
_GAIN = 1e-11
#: How near an end is found, as a part of its distance from r.
_NEAR = 2e-4


def profile_interval(
    data: Standardised, r: float, sd: Floats, most: float, deviance: float
) -> tuple[float, float]:
    """Return the correlations that the data go with.

    Parameters
    ----------
    data : Standardised
    r : float
        The correlation at the maximum.
    sd : ndarray of shape (2,)
        Standard deviations of the true changes there, in units of the mean errors.
    most : float
        The largest log-likelihood.
    deviance : float
        Twice what it gains over that without correlation: where to look first.

    Returns
    -------
    low, high : float
        -1 or 1 where the bound itself is in the interval.
    """
    allowed = float(np.sqrt(special.chdtri(1.0, 1.0 - _LEVEL)))
    middle = float(np.arcsin(r))
    step = abs(middle) * allowed / np.sqrt(deviance) if deviance > 1.0 else np.inf
    ends = []
    for bound in (-np.pi / 2, np.pi / 2):
        known = {middle: -allowed}
        at = [sd]

        def beyond(angle: float, known: dict[float, float] = known, at: list[Floats] = at) -> float:
            """Signed root of the deviance, which is nearly straight, less what is allowed."""
            if angle not in known:
                height, found = _profile(data, float(np.sin(angle)), at[0], most)
                at[0] = np.maximum(found, sd / 2.0)  # a search that begins at 0 stays there
                known[angle] = float(np.sqrt(max(2.0 * (most - height), 0.0))) - allowed
            return known[angle]

        ends.append(float(np.sin(_end(beyond, middle, bound, step))))
    return ends[0], ends[1]


def _end(beyond: Callable[[float], float], middle: float, bound: float, step: float) -> float:
    """Return where `beyond` crosses 0 between the middle and a bound; the bound if it does not."""
    reach, way = abs(bound - middle), np.sign(bound)
    while True:
        step = 1.3 * step
        angle = bound if step >= reach else float(middle + way * step)
        if beyond(angle) > 0.0:
            near = _NEAR * abs(angle - middle)
            return float(scipy.optimize.brentq(beyond, middle, angle, xtol=near))
        if angle == bound:
            return bound


def _profile(data: Standardised, rho: float, start: Floats, most: float) -> tuple[float, Floats]:
    """Return the largest log-likelihood with this correlation, and its standard deviations."""
    n = len(data.x)

    def downhill(sd: Floats) -> tuple[float, Floats]:
        covariance = np.array([sd[0] ** 2, rho * sd[0] * sd[1], sd[1] ** 2])
        height, (a, c, b) = log_likelihood(data, covariance)
        slope = np.array([2 * sd[0] * a + rho * sd[1] * c, 2 * sd[1] * b + rho * sd[0] * c])
        return (most - height) / n, -slope / n

    found = scipy.optimize.minimize(
        downhill,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * 2,
        options={"gtol": _SLOPE, "ftol": _GAIN, "maxiter": 200},
    )
    return most - n * float(found.fun), found.x
