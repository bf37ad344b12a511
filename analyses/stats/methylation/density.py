"""Density of methylation betas on a fixed grid, its mode, and how far two densities are apart."""

from __future__ import annotations

import numpy as np

from cohortmart.core.types import Floats

#: Steps of the grid on [0, 1].
STEPS = 1000
#: Beyond this many bandwidths a Gaussian adds nothing.
_REACH = 6


def density(x: Floats) -> Floats:
    """Gaussian kernel density by Silverman's rule (1986, eq. 3.31) on 0, 0.001, ..., 1.

    Parameters
    ----------
    x : ndarray of shape (n_values,)
        Inside [0, 1], at least one; rounded to the grid.

    Returns
    -------
    ndarray of shape (1001,)
        With integral 1 over [0, 1].
    """
    counts = np.bincount(np.rint(x * STEPS).astype(np.intp), minlength=STEPS + 1)
    width = _bandwidth(x) * STEPS
    reach = int(min(np.ceil(_REACH * width), STEPS))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    smooth = np.convolve(counts, kernel)[reach : reach + STEPS + 1]
    return np.asarray(smooth * (STEPS / smooth.sum()))


def mode(x: Floats) -> float:
    """Return where the density of `x` is highest, to 0.001."""
    return float(np.argmax(density(x)) / STEPS)


def density_distance(one: Floats, two: Floats) -> float:
    """Return the share of two densities of `density` that does not overlap, 0 to 1."""
    return float(np.abs(one - two).sum() / (2 * STEPS))


def _bandwidth(x: Floats) -> float:
    """Bandwidth by Silverman's rule, at least one step of the grid."""
    if len(x) < 2:
        return 1 / STEPS
    quartiles = np.quantile(x, [0.25, 0.75])
    spread = float(x.std(ddof=1))
    middle = float(quartiles[1] - quartiles[0]) / 1.34
    if middle > 0:
        spread = min(spread, middle)
    return float(max(0.9 * spread * len(x) ** -0.2, 1 / STEPS))
