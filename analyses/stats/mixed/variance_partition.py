"""Variance partition: which share of a feature's variance goes with each variable and the person.

y = X b + Z u + e, variances t2 of the people and s2 of the noise by restricted maximum likelihood.
The variance of X b over the samples is parted among the variables by Shapley's rule: what one of
them adds to the projection of X b, averaged over all their orders (Lindeman, Merenda & Gold 1980;
Grömping 2007, Am Stat 61:139). Each part is a quadratic form of the coefficients, g' M g, one
matrix a variable for all features; tr(M Cov(g)) is taken off, which is what errors add to it. The
shares of the total, X b + t2 + s2, follow as in variancePartition (Hoffman & Schadt 2016, BMC
Bioinformatics 17:483) with fixed effects, and add up to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.linear.missing import find_gaps
from analyses.stats.mixed.block_rotation import (
    RotatedFeatures,
    common_rotation,
    rotate_complete,
    rotate_each,
)
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.mixed.components import Components, estimate_components
from analyses.stats.numeric.parallel import for_blocks, rows_times
from cohortmart.core.types import Floats, Ints

_ROWS = 1024  # features a block of work; its arrays stay in the processor's cache
_OWN_ROWS = 256  # the same where each feature has matrices of its own
_QUANTILE = 1.959963984540054  # 97.5 % of the normal distribution
#: More variables have too many orders: 2^10 projections.
MOST_VARIABLES = 10


@dataclass(frozen=True)
class VariancePartition:
    """Shares of the variance of some features.

    Parameters
    ----------
    subject_share, low, high : ndarray of shape (n_features,)
        t2 / (t2 + s2), of what the design leaves, and its 95 % interval; NaN where the two cannot
        be told apart.
    shares : ndarray of shape (n_features, n_variables + 3)
        Of the whole: each variable, what their combinations add, the people, the noise. NaN where
        `subject_share` or a coefficient cannot be estimated.
    """

    subject_share: Floats
    low: Floats
    high: Floats
    shares: Floats


def partition_matrices(basis: DesignBasis, variables: Sequence[Floats]) -> Floats:
    """Return the quadratic forms of the variables' parts of the variance of X b.

    Parameters
    ----------
    basis : DesignBasis
        Of the design.
    variables : sequence of ndarray of shape (n_samples, n_columns)
        Columns of each variable by itself: indicators of its levels, or the number; at most
        `MOST_VARIABLES`.

    Returns
    -------
    ndarray of shape (n_variables + 1, rank, rank)
        The last one is of what no sum of the variables fits, their combinations. They add up to
        the variance over the samples, n - 1 as its divisor.

    Raises
    ------
    ValueError
        Too many variables.
    """
    j = len(variables)
    if j > MOST_VARIABLES:
        raise ValueError(f"{j} variables, at most {MOST_VARIABLES} can be put in every order")
    q, n = basis.q, len(basis.q)
    fitted = {
        chosen: _projected(q, [variables[i] for i in chosen])
        for size in range(j + 1)
        for chosen in combinations(range(j), size)
    }
    parts = np.zeros((j + 1, q.shape[1], q.shape[1]))
    for chosen, form in fitted.items():
        share = factorial(len(chosen)) * factorial(j - len(chosen) - 1) if len(chosen) < j else 0
        for i in set(range(j)) - set(chosen):
            added = fitted[tuple(sorted((*chosen, i)))] - form
            parts[i] += share / factorial(j) * added
    parts[j] = q.T @ q - fitted[tuple(range(j))]
    return parts / (n - 1)


def _projected(q: Floats, columns: Sequence[Floats]) -> Floats:
    """Q'P Q, P the projection on a constant and some columns."""
    x = np.hstack([np.ones((len(q), 1)), *columns])
    u, s, _ = np.linalg.svd(x / np.maximum(np.abs(x).max(axis=0), 1e-300), full_matrices=False)
    along = u[:, s > 1e-9 * s[0]].T @ q
    return np.asarray(along.T @ along)


def subject_share(
    y: Floats, basis: DesignBasis, blocks: Blocks, weights: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """Return the share of the people in what a design leaves, and both ends of its interval.

    Parameters
    ----------
    y, basis, blocks, weights
        As in `variance_partition`.

    Returns
    -------
    tuple of ndarray of shape (n_features,)
        As `subject_share`, `low` and `high` there.
    """
    found = variance_partition(y, basis, np.empty((0, basis.rank, basis.rank)), blocks, weights)
    return found.subject_share, found.low, found.high


def variance_partition(
    y: Floats, basis: DesignBasis, forms: Floats, blocks: Blocks, weights: Floats | None = None
) -> VariancePartition:
    """Part the variance of every feature.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        NaN = missing. The parts are over all samples also for a feature that lacks some.
    basis : DesignBasis
        Of the design, full rank or not.
    forms : ndarray of shape (n_variables + 1, rank, rank)
        See `partition_matrices`.
    blocks : Blocks
        The people; a person for each sample where there are none: then `subject_share` is NaN, and
        the shares are those without people.
    weights : ndarray of shape (n_features, n_samples), optional
        Precision weights: the noise of a sample has variance s2 / weight. s2 is that of a sample
        with the feature's mean weight.

    Notes
    -----
    A part below 0, where the errors explain more than all, counts as 0 before shares are taken, so
    that the share of a variable without effect is above 0 on average. The interval is a normal one
    on the scale log(1 + c l), l = t2 / s2 and c the mean eigenvalue of the blocks, with the
    expected information; cut at 0.
    """
    n, alone = len(y), blocks.n_blocks == len(blocks.codes)
    share, low, high = (np.empty(n) for _ in range(3))
    out = VariancePartition(share, low, high, np.empty((n, len(forms) + 2)))
    whole = np.eye(basis.q.shape[1])

    def put(rows: slice | Ints, rotated: RotatedFeatures, unit: Floats | float = 1.0) -> None:
        c = estimate_components(rotated, "kenward_roger")
        out.subject_share[rows] = c.correlation
        out.low[rows], out.high[rows] = _interval(rotated, c)
        out.shares[rows] = _shares(rotated, c, forms, alone, unit)

    if weights is not None:

        def weighted(start: int, stop: int) -> None:
            rows = slice(start, stop)
            seen = np.isfinite(y[rows])
            unit = (weights[rows] * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
            put(rows, rotate_each(y[rows], basis, blocks, whole, weights[rows]), unit)

        for_blocks(n, _OWN_ROWS, weighted)
        return out
    gaps, common = find_gaps(y), common_rotation(basis, blocks, whole)

    def complete(start: int, stop: int) -> None:
        rows = start + np.flatnonzero(gaps.complete[start:stop])
        put(rows, rotate_complete(y[rows], common))

    def incomplete(start: int, stop: int) -> None:
        rows = gaps.rows[start:stop]
        put(rows, rotate_each(y[rows], basis, blocks, whole))

    for_blocks(n, _ROWS, complete)
    for_blocks(len(gaps.rows), _OWN_ROWS, incomplete)
    return out


def _interval(rotated: RotatedFeatures, c: Components) -> tuple[Floats, Floats]:
    """Both ends of the 95 % interval of t2 / (t2 + s2)."""
    assert c.expected is not None
    carries = rotated.d > 0
    scale = rotated.d.sum(axis=1) / np.maximum(carries.sum(axis=1), 1)
    with np.errstate(invalid="ignore", over="ignore"):
        inside = np.log1p(scale * c.ratio)
        half = _QUANTILE * scale * np.sqrt(c.expected.variance) / (1.0 + scale * c.ratio)
        told = np.isfinite(c.correlation) & (scale > 0)
        ends = (np.expm1(np.maximum(z, 0.0)) / np.where(told, scale, 1.0)
                for z in (inside - half, inside + half))  # fmt: skip
        low, high = (np.where(told, ratio / (1.0 + ratio), np.nan) for ratio in ends)
    return low, np.where(np.isnan(high) & told, 1.0, high)


def _shares(
    rotated: RotatedFeatures, c: Components, forms: Floats, alone: bool, unit: Floats | float
) -> Floats:
    """Shares of variables, combinations, people and noise; (n_features, n_variables + 3).

    The variances of `c` are those at a weight of 1; `unit` is a feature's mean weight.
    """
    ratio, n = c.ratio[:, None], len(c.ratio)
    noise = c.sigma2 / (1.0 + c.ratio)
    moved = ratio * c.shrunk
    a = rotated.across
    flat = forms.reshape(len(forms), forms.shape[1] ** 2).T
    error = rotated.inverse.reshape(len(rotated.inverse), -1) @ flat
    if len(a) == 1:
        gamma = rotated.estimate - rows_times(moved * rotated.h, a[0])
        of_k = (a[0][:, :, None] * a[0][:, None, :]).reshape(a.shape[1], -1) @ flat  # a_k' M a_k
        error = error + rows_times(moved, of_k)
    else:
        gamma = rotated.estimate - ((moved * rotated.h)[:, None, :] @ a)[:, 0, :]
        added = a.transpose(0, 2, 1) @ (moved[:, :, None] * a)
        error = error + rows_times(added.reshape(n, -1), flat)
    parts = np.empty((n, len(forms) + 2))
    for i, form in enumerate(forms):
        parts[:, i] = (rows_times(gamma, form) * gamma).sum(axis=1) - noise * error[:, i]
    np.maximum(parts, 0.0, out=parts, where=~np.isnan(parts))
    parts[:, -2], parts[:, -1] = c.ratio * noise / unit, noise / unit
    total = parts.sum(axis=1)
    told = (noise > 0) & (total > 0) & (alone | np.isfinite(c.correlation))
    return np.where(told[:, None], parts / np.where(told, total, 1.0)[:, None], np.nan)
