"""Likelihood of the true changes of two contrasts: estimates that are bivariate t.

b_g ~ t_2(0, s2_post_g (V_g + V0), df_total_g), as in Phipson (2013), PhD thesis, University of
Melbourne; constants are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.numeric.parallel import for_blocks
from cohortmart.core.types import Floats

_ROWS = 4096  # features a block of work; its arrays stay in the processor's cache


@dataclass(frozen=True)
class Standardised:
    """Estimates divided by root s2_post and by the contrasts' mean errors, which become 1.

    x (n, 2); v (n, 3) or (1, 3): the entries 11, 12, 22 of V_g; df (n,), may be infinite.
    """

    x: Floats
    v: Floats
    df: Floats


def standardise(
    estimate: Floats, variance: Floats, s2_post: Floats, df: Floats
) -> tuple[Standardised, Floats, float]:
    """Keep what can be used, in units of the mean errors.

    Parameters
    ----------
    estimate, variance, s2_post, df : ndarray
        See `genas`.

    Returns
    -------
    data : Standardised
    scale : ndarray of shape (2,)
        The mean errors.
    technical_r : float
        Mean correlation of the errors; NaN without features.

    Raises
    ------
    ValueError
        The shapes do not fit, or the errors of the two contrasts are proportional.
    """
    n = len(estimate)
    v = np.atleast_2d(np.asarray(variance, float))
    if (
        estimate.shape != (n, 2)
        or v.shape not in ((1, 3), (n, 3))
        or s2_post.shape != (n,)
        or df.shape != (n,)
    ):
        raise ValueError(
            f"estimate {estimate.shape}, unscaled_variance {np.shape(variance)}, s2_post "
            f"{s2_post.shape} and df_total {df.shape}: expected (n, 2), (n, 3) or (3,), (n,), (n,)"
        )
    used = np.isfinite(estimate).all(axis=1) & np.isfinite(s2_post) & (s2_post > 0) & (df > 0)
    used &= (np.isfinite(v) & (v[:, [0, 0, 2]] > 0)).all(axis=1)
    v = v if len(v) == 1 else v[used]
    if not used.any():
        return Standardised(np.empty((0, 2)), v, np.empty(0)), np.ones(2), np.nan
    if (v[:, 0] * v[:, 2] - v[:, 1] ** 2 <= 1e-9 * v[:, 0] * v[:, 2]).any():
        raise ValueError("the errors of the two contrasts are proportional: they are one contrast")
    technical_r = float((v[:, 1] / np.sqrt(v[:, 0] * v[:, 2])).mean())
    scale = np.sqrt(v[:, [0, 2]].mean(axis=0))
    # column by column in memory, as they are read
    x = np.asfortranarray(estimate[used] / np.sqrt(s2_post[used])[:, None] / scale)
    v = np.asfortranarray(v / (scale[[0, 0, 1]] * scale[[0, 1, 1]]))
    return Standardised(x, v, df[used]), scale, technical_r


def log_likelihood(data: Standardised, covariance: Floats) -> tuple[float, Floats]:
    """Return the log-likelihood of a V0, and its slopes.

    Parameters
    ----------
    data : Standardised
    covariance : ndarray of shape (3,)
        v11, v12 and v22 of V0; positive semi-definite.

    Returns
    -------
    height : float
        Constants left out.
    slope : ndarray of shape (3,)
        By v11, v12 and v22.
    """
    n = len(data.x)
    sums = np.empty((-(-n // _ROWS), 4))

    def work(start: int, stop: int) -> None:
        rows = slice(start, stop)
        a, c, b = (data.v[rows] if len(data.v) > 1 else data.v).T + covariance[:, None]
        x1, x2 = data.x[rows].T
        det = a * b - c * c
        u1, u2 = (b * x1 - c * x2) / det, (a * x2 - c * x1) / det
        q, df = x1 * u1 + x2 * u2, data.df[rows]
        normal = np.isinf(df)
        d = np.where(normal, 1.0, df)
        kernel = np.where(normal, q / 2, (d + 2) / 2 * np.log1p(q / d))
        weight = np.where(normal, 1.0, (d + 2) / (d + q))
        sums[start // _ROWS] = (
            -(kernel + np.log(det) / 2).sum(),
            (weight * u1 * u1 - b / det).sum() / 2,
            (weight * u1 * u2 + c / det).sum(),
            (weight * u2 * u2 - a / det).sum() / 2,
        )

    for_blocks(n, _ROWS, work)
    height, *slope = sums.sum(axis=0)
    return float(height), np.array(slope)
