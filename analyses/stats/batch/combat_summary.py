"""The linear model behind ComBat, fitted to each feature and summed up by batch.

All features go through least squares with one mean a batch. Centring within batches takes the
means out, so that only the covariates are left to solve for: a matrix per pattern of missing
values that is no larger than the number of covariates.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from analyses.stats.batch.combat_design import CombatDesign
from analyses.stats.linear.basis import RANK_TOLERANCE
from analyses.stats.linear.missing import find_patterns
from cohortmart.core.types import Bools, Floats, Ints

#: Residuals below this share of the values are rounding.
_ROUNDING = 1e-12
#: Below this distance from the identity a matrix is far from singular.
_NEAR_IDENTITY = 0.99


class FeatureStatus(IntEnum):
    """What ComBat does with a feature."""

    ADJUSTED = 0
    #: No value in some batch: the batches that have values are adjusted to each other.
    ADJUSTED_WITHOUT_SOME_BATCHES = 1
    #: The same value in all samples of a batch (R's rule): left unchanged.
    CONSTANT_IN_A_BATCH = 2
    #: The values there are do not tell batches from covariates, or fill one batch only, or leave
    #: no residual degree of freedom: left unchanged.
    NOT_ESTIMABLE = 3
    #: Batches and covariates explain every value: left unchanged.
    NO_RESIDUAL_VARIANCE = 4


@dataclass(frozen=True)
class FeatureSummary:
    """Fits of some features; where a feature is left unchanged, all zero.

    Parameters
    ----------
    grand_mean : ndarray of shape (n_features,)
        Batch means of the fit, weighted by batch size.
    coefficients : ndarray of shape (n_features, n_covariates)
        Of `CombatDesign.covariates`.
    gamma : ndarray of shape (n_features, n_batches)
        Batch means less the grand mean, in the units of the values; 0 without a value.
    squares : ndarray of shape (n_features, n_batches)
        Sums of squared residuals.
    counts : ndarray of shape (n_features, n_batches), int32
        Number of values.
    status : ndarray of shape (n_features,), int8
        FeatureStatus.
    """

    grand_mean: Floats
    coefficients: Floats
    gamma: Floats
    squares: Floats
    counts: NDArray[np.int32]
    status: NDArray[np.int8]


def summarise(y: Floats, design: CombatDesign) -> FeatureSummary:
    """Fit batches and covariates to each feature.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        Finite, or NaN where missing.
    """
    g, b, k = len(y), design.n_batches, design.covariates.shape[1]
    out = FeatureSummary(
        grand_mean=np.empty(g),
        coefficients=np.empty((g, k)),
        gamma=np.empty((g, b)),
        squares=np.empty((g, b)),
        counts=np.empty((g, b), dtype=np.int32),
        status=np.empty(g, dtype=np.int8),
    )
    holes = np.asarray(np.isnan(y).any(axis=1))
    if not holes.any():
        _put(out, slice(None), _fit_complete(y, design), y, design)
        return out
    for rows, fit in ((~holes, _fit_complete), (holes, _fit_missing)):
        if rows.any():
            part = y[rows]
            _put(out, rows, fit(part, design), part, design)
    return out


@dataclass(frozen=True)
class _Fit:
    """Least squares of features; arrays as in FeatureSummary, `level` the fitted batch means."""

    level: Floats
    coefficients: Floats
    squares: Floats
    counts: Floats
    explained: Floats
    df_residual: Ints
    told_apart: Bools


def _fit_complete(y: Floats, d: CombatDesign) -> _Fit:
    means = y @ d.indicators / d.sizes
    rest = y - means[:, d.codes]
    beta = rest @ d.within
    rest -= beta @ d.within.T
    np.square(rest, out=rest)
    g = len(y)
    return _Fit(
        level=means - beta @ d.batch_means.T,
        coefficients=beta,
        squares=rest @ d.indicators,
        counts=np.broadcast_to(d.sizes, means.shape),
        explained=np.square(means) @ d.sizes + np.square(beta).sum(axis=1),
        df_residual=np.full(g, d.n_samples - d.n_batches - beta.shape[1]),
        told_apart=np.ones(g, dtype=bool),
    )


@dataclass(frozen=True)
class _PatternFits:
    """What the fits of all features with the same missing values share."""

    counts: Floats
    covariate_means: Floats
    inverse: Floats
    rank: Ints
    told_apart: Bools


def _fit_missing(y: Floats, d: CombatDesign) -> _Fit:
    observed = ~np.isnan(y)
    patterns = find_patterns(observed)
    of = patterns.of_row
    shared = _pattern_fits(patterns.masks.astype(np.float64), d)
    counts = shared.counts[of]
    means = np.where(observed, y, 0.0) @ d.indicators / np.maximum(counts, 1.0)
    rest = np.where(observed, y - means[:, d.codes], 0.0)
    right = rest @ d.within
    beta = (shared.inverse[of] @ right[:, :, None])[:, :, 0]
    # means of the covariates over the values there are, less those over all samples of the batch
    moved = (shared.covariate_means[of] @ beta[:, :, None])[:, :, 0]
    rest -= beta @ d.within.T - moved[:, d.codes]
    rest[~observed] = 0.0
    np.square(rest, out=rest)
    return _Fit(
        level=means - beta @ d.batch_means.T - moved,
        coefficients=beta,
        squares=rest @ d.indicators,
        counts=counts,
        explained=(counts * np.square(means)).sum(axis=1) + (beta * right).sum(axis=1),
        df_residual=(counts.sum(axis=1) - (counts > 0).sum(axis=1)).astype(np.int64)
        - shared.rank[of],
        told_apart=shared.told_apart[of],
    )


def _pattern_fits(masks: Floats, d: CombatDesign) -> _PatternFits:
    """Solve for the covariates, centred within batches, in each pattern of missing values."""
    x = d.within
    p, b, k = len(masks), d.n_batches, x.shape[1]
    by_batch = (d.indicators[:, :, None] * x[:, None, :]).reshape(d.n_samples, b * k)
    pairs = (x[:, :, None] * x[:, None, :]).reshape(d.n_samples, k * k)
    # one product: many small ones would have threads wait for each other
    all_sums = masks @ np.hstack([d.indicators, by_batch, pairs])
    counts = all_sums[:, :b]
    sums = all_sums[:, b : b + b * k].reshape(p, b, k)
    means = sums / np.maximum(counts, 1.0)[:, :, None]
    gram = all_sums[:, b + b * k :].reshape(p, k, k) - sums.transpose(0, 2, 1) @ means

    inverse = np.empty_like(gram)
    rank = np.full(p, k)
    told_apart = (counts > 0).sum(axis=1) > 1
    # all samples give the identity, so that few missing values need no look at the rank
    easy = np.linalg.norm(gram - np.eye(k), axis=(1, 2)) < _NEAR_IDENTITY
    inverse[easy] = np.linalg.inv(gram[easy])
    hard = np.flatnonzero(~easy)
    if hard.size:
        s, v = np.linalg.eigh(gram[hard])
        seen = s > RANK_TOLERANCE
        inverse[hard] = (v * (seen / np.where(seen, s, 1.0))[:, None, :]) @ v.transpose(0, 2, 1)
        rank[hard] = seen.sum(axis=1)
        unseen = v * ~seen[:, None, :]
        there = counts[hard] > 0
        at = d.batch_means + means[hard]
        first = at[np.arange(len(hard)), there.argmax(axis=1)]
        apart = np.where(there[:, :, None], at - first[:, None, :], 0.0)
        lost = np.abs(apart @ unseen).max(axis=(1, 2), initial=0.0)
        told_apart[hard] &= lost <= 1e-6 * np.abs(apart).max(axis=(1, 2), initial=0.0)
    return _PatternFits(counts, means, inverse, rank, told_apart)


def _put(
    out: FeatureSummary,
    rows: slice | Bools,
    fit: _Fit,
    y: Floats,
    d: CombatDesign,
) -> None:
    """Write the fits of some rows, zeros where the feature is to be left unchanged."""
    there = fit.counts > 0
    share = np.where(there, d.sizes, 0.0)
    share /= np.maximum(share.sum(axis=1), 1.0)[:, None]
    grand = (fit.level * share).sum(axis=1)
    residual = fit.squares.sum(axis=1)

    status = np.zeros(len(y), dtype=np.int8)
    status[~there.all(axis=1)] = FeatureStatus.ADJUSTED_WITHOUT_SOME_BATCHES
    exact = residual <= _ROUNDING**2 * (fit.explained + residual)
    status[exact] = FeatureStatus.NO_RESIDUAL_VARIANCE
    status[~fit.told_apart | (fit.df_residual < 1)] = FeatureStatus.NOT_ESTIMABLE
    status[_constant_in_a_batch(y, d)] = FeatureStatus.CONSTANT_IN_A_BATCH

    kept = is_adjusted(status)
    out.status[rows] = status
    out.counts[rows] = fit.counts
    out.grand_mean[rows] = np.where(kept, grand, 0.0)
    out.coefficients[rows] = np.where(kept[:, None], fit.coefficients, 0.0)
    out.squares[rows] = np.where(kept[:, None], fit.squares, 0.0)
    out.gamma[rows] = np.where(kept[:, None] & there, fit.level - grand[:, None], 0.0)


def is_adjusted(status: NDArray[np.int8]) -> Bools:
    """Return which features are adjusted at all.

    Parameters
    ----------
    status : ndarray of shape (n_features,), int8
        FeatureStatus.
    """
    return np.asarray(status <= FeatureStatus.ADJUSTED_WITHOUT_SOME_BATCHES)


def _constant_in_a_batch(y: Floats, d: CombatDesign) -> Bools:
    """Which features have one value in all samples of a batch of several; NaN is no value."""
    members = [np.flatnonzero(d.codes == b) for b in np.flatnonzero(d.sizes > 1)]
    out = np.zeros(len(y), dtype=bool)
    if not members:
        return out
    # two values decide for nearly all features
    pairs = np.array([m[:2] for m in members])
    suspects = np.flatnonzero((y[:, pairs[:, 0]] == y[:, pairs[:, 1]]).any(axis=1))
    values = y[suspects]
    for m in members:
        out[suspects] |= (values[:, m] == values[:, m[:1]]).all(axis=1)
    return out
