"""Contrasts of a mixed model, one by one and together, with their degrees of freedom.

Satterthwaite's, or Kenward and Roger's together with their covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.mixed.block_rotation import RotatedFeatures
from analyses.stats.mixed.components import Components
from analyses.stats.mixed.kenward_roger import (
    ExpectedInformation,
    kenward_roger_df,
    kenward_roger_f,
)
from analyses.stats.mixed.satterthwaite import RatioInformation, joint_df, satterthwaite_df
from analyses.stats.numeric.parallel import rows_times
from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True)
class ContrastSet:
    """Contrasts tested together; `turn` makes them the directions of `k` (rank, q)."""

    columns: list[int]
    turn: Floats
    k: Floats


def contrast_set(k: Floats, columns: list[int]) -> ContrastSet:
    """Independent directions with the nonzero eigenvalues of the contrasts' covariance."""
    u, s, vt = np.linalg.svd(k[:, columns], full_matrices=False)
    keep = s > 1e-9 * s[0]
    return ContrastSet(columns, vt[keep].T, u[:, keep] * s[keep])


def contrast_statistics(
    rotated: RotatedFeatures, c: Components, k: Floats
) -> tuple[Floats, Floats, Floats]:
    """Estimates, unscaled standard deviations and degrees of freedom, (n_features, n_contrasts)."""
    ratio = c.ratio[:, None]
    e = rotated.across @ k
    estimate = rotated.estimate - _along(ratio * rotated.h * c.shrunk, e)
    e *= e
    variance = ((rotated.inverse @ k) * k).sum(axis=1) + _along(ratio * c.shrunk, e)
    slope = _along(c.shrunk**2, e)
    with np.errstate(divide="ignore", invalid="ignore"):
        if c.expected is None:
            df = satterthwaite_df(slope / variance, c.information)
        else:
            df = kenward_roger_df(slope / variance, c.expected)
            variance += _along(_bend(rotated, c, c.expected), e)
        sd = np.sqrt(np.maximum(variance, 0.0) / (1.0 + ratio))
    unknown = np.isnan(estimate)
    return estimate, np.where(unknown, np.nan, sd), np.where(unknown, np.nan, df)


def joint_statistics(
    rotated: RotatedFeatures, c: Components, k: Floats, estimate: Floats
) -> tuple[Floats, Floats]:
    """Wald statistic a direction and its degrees of freedom, both of shape (n_features,).

    Parameters
    ----------
    k : ndarray of shape (rank, q)
        Independent directions.
    estimate : ndarray of shape (n_features, q)
    """
    base, e = k.T @ rotated.inverse @ k, rotated.across @ k
    wald, df = np.full((2, len(estimate)), np.nan)
    ok = ~np.isnan(estimate).any(axis=1)
    if c.expected is not None:
        rows = np.flatnonzero(ok)
        if rows.size:
            wald[rows], df[rows] = _kenward_roger(rotated, c, c.expected, base, e, estimate, rows)
        return wald, df
    plain, blocked = np.flatnonzero(ok & (c.ratio == 0)), np.flatnonzero(ok & (c.ratio > 0))
    if plain.size:
        wald[plain] = _quadratic(_some(base, plain), estimate[plain])
        df[plain] = rotated.n_free[plain]
    if blocked.size:
        ratio, shrunk, e = c.ratio[blocked, None], c.shrunk[blocked], _some(e, blocked)
        covariance = _some(base, blocked) + _outer(ratio * shrunk, e)
        values, vectors = np.linalg.eigh(covariance)
        turned_slope = (vectors * (_outer(shrunk**2, e) @ vectors)).sum(axis=1)
        along = (estimate[blocked, None, :] @ vectors)[:, 0, :]
        wald[blocked] = (along**2 / values).mean(axis=1) * (1.0 + c.ratio[blocked])
        of_ratio = _rows_of(c.information, blocked)
        df[blocked] = joint_df(satterthwaite_df(turned_slope / values, of_ratio))
    return wald, df


def _kenward_roger(
    rotated: RotatedFeatures,
    c: Components,
    expected: ExpectedInformation,
    base: Floats,
    e: Floats,
    estimate: Floats,
    rows: Ints,
) -> tuple[Floats, Floats]:
    """Scaled Wald statistic a direction and degrees of freedom of the features `rows`."""
    ratio, shrunk, e = c.ratio[rows, None], c.shrunk[rows], _some(e, rows)
    covariance = _some(base, rows) + _outer(ratio * shrunk, e)
    slope = _outer(shrunk**2, e)
    values, vectors = np.linalg.eigh(covariance)
    whiten = vectors / np.sqrt(values)[:, None, :]
    slopes = np.linalg.eigvalsh(whiten.transpose(0, 2, 1) @ slope @ whiten)
    df, scale = kenward_roger_f(slopes, expected.of(rows))
    adjusted = covariance + _outer(_bend(rotated, c, expected)[rows], e)
    return scale * (1.0 + c.ratio[rows]) * _quadratic(adjusted, estimate[rows]), df


def _bend(rotated: RotatedFeatures, c: Components, expected: ExpectedInformation) -> Floats:
    """Weights of the squares whose sum is what Kenward and Roger add, -v phi''."""
    return np.asarray(2.0 * expected.variance[:, None] * rotated.d * c.shrunk**3)


def _quadratic(covariance: Floats, estimate: Floats) -> Floats:
    """b'C^-1 b divided by the length of b, of each feature."""
    solved = np.linalg.solve(covariance, estimate[:, :, None])[:, :, 0]
    return np.asarray((estimate * solved).mean(axis=1))


def _rows_of(information: RatioInformation, rows: Ints) -> RatioInformation:
    return RatioInformation(
        information.n_free[rows],
        information.drift[rows],
        information.curvature[rows],
        information.estimated[rows],
    )


def _some(a: Floats, rows: Ints) -> Floats:
    """Chosen rows of what may be shared by all."""
    return a if len(a) == 1 else a[rows]


def _along(x: Floats, e: Floats) -> Floats:
    """Sum x_k e_kj over k; `e` of shape (n_features or 1, k, m)."""
    return rows_times(x, e[0]) if len(e) == 1 else (x[:, None, :] @ e)[:, 0, :]


def _outer(x: Floats, e: Floats) -> Floats:
    """Sum x_k e_ki e_kj over k; shape (n_features, q, q)."""
    if len(e) > 1:
        return np.asarray(e.transpose(0, 2, 1) @ (x[:, :, None] * e))
    q = e.shape[2]
    return rows_times(x, (e[0, :, :, None] * e[0, :, None, :]).reshape(-1, q * q)).reshape(-1, q, q)
