"""Natural cubic splines whose coefficients are their values at the knots."""

from __future__ import annotations

import numpy as np
import scipy  # its parts are imported where they are first used: they take half a second

from cohortmart.core.types import Floats


def cardinal_spline(x: Floats, knots: Floats) -> Floats:
    """Return the natural cubic splines that are 1 at one knot and 0 at the others.

    A natural cubic spline is fixed by its values at its knots (de Boor 1978, chapter 4): it is
    the sum of these columns weighted with the values. Between knots it is cubic with continuous
    second derivative, at the outer knots the second derivative is 0, and beyond them it is
    straight. The columns span what R's ``ns(x, knots = inner, Boundary.knots = outer)`` spans
    with an intercept.

    Parameters
    ----------
    x : ndarray of shape (n,)
        In the unit of the knots.
    knots : ndarray of shape (k,)
        At least two, increasing.

    Returns
    -------
    ndarray of shape (n, k)

    Raises
    ------
    ValueError
        Fewer than two knots, or knots that do not rise.
    """
    if len(knots) < 2 or not (np.diff(knots) > 0).all():
        raise ValueError("a natural spline needs two or more knots that rise")
    inner = np.clip(x, knots[0], knots[-1])
    beyond = (x - inner)[:, None]
    spline = scipy.interpolate.CubicSpline(knots, np.eye(len(knots)), bc_type="natural")
    return np.asarray(spline(inner) + spline(inner, 1) * beyond)
