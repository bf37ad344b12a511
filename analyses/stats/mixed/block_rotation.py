"""Rotation of features to coordinates in which the effects of blocks are independent.

A sample's block adds variance to some of these coordinates, each by itself, and none to the others.
With A = (Q'WQ)^-1, r the least-squares residuals without blocks and U diag(d) U' the eigenvectors
of Z'(I - P)Z, everything a random intercept with variance ratio l does to a contrast c of the
coefficients is a sum over k of functions of l d_k:

    estimate  c'A Q'Wy - l sum_k e_k h_k / (1 + l d_k),
    variance  s2 [ c'A c + l sum_k e_k^2 / (1 + l d_k) ],
    rss       rss0 + sum_k (h_k^2 / d_k) / (1 + l d_k),

h = U'Z'r, e = U'Z'Q A c (the identity of Woodbury). No matrix depends on l.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis, is_rounding
from analyses.stats.linear.missing_plot import centred_product, residual_basis
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.mixed.weighted_least_squares import (
    enough,
    gram_and_inverse,
    weighted_data,
    weighted_least_squares,
)
from analyses.stats.numeric.parallel import rows_times
from cohortmart.core.types import Bools, Floats, Ints


@dataclass(frozen=True)
class RotatedFeatures:
    """Rotated features; the first axis of `d`, `inverse`, `across` is 1 where they share them.

    Parameters
    ----------
    estimate : ndarray of shape (n_features, n_contrasts)
        Of least squares without blocks; NaN where a contrast cannot be estimated.
    mean : ndarray of shape (n_features,)
        Of the observed values, unweighted.
    n_free : ndarray of shape (n_features,)
        Residual degrees of freedom.
    rss0 : ndarray of shape (n_features,)
        Residual sum of squares that no block touches.
    h, squares : ndarray of shape (n_features, k)
        Block sums of the residuals along the eigenvectors, and h^2 / d, 0 where d is.
    d : ndarray of shape (n_features, k)
        Eigenvalues, 0 = carries no information on the blocks.
    inverse : ndarray of shape (n_features, rank, rank)
        A.
    across : ndarray of shape (n_features, k, rank)
        U'Z'Q A.
    known : ndarray of shape (n_features,), bool
        Whether the two variance components can be told apart.
    """

    estimate: Floats
    mean: Floats
    n_free: Floats
    rss0: Floats
    h: Floats
    squares: Floats
    d: Floats
    inverse: Floats
    across: Floats
    known: Bools


@dataclass(frozen=True)
class CommonRotation:
    """The rotation that complete features without weights have in common.

    Parameters
    ----------
    table : ndarray of shape (n_samples, n_samples - rank + n_contrasts)
        Rotates residuals, those that carry the blocks first; then gives the contrasts.
    d : ndarray of shape (n_blocks,)
        Eigenvalues, those above 0 first.
    across : ndarray of shape (n_blocks, rank)
    """

    table: Floats
    d: Floats
    across: Floats
    n_free: int
    known: bool


def common_rotation(basis: DesignBasis, blocks: Blocks, k: Floats) -> CommonRotation:
    """Find it for a design and blocks; `k` of shape (rank, n_contrasts), contrasts in the basis."""
    outside = residual_basis(basis)
    n, n_free = outside.shape
    u, s, vt = np.linalg.svd(outside.T @ blocks.indicators)
    d = np.zeros(blocks.n_blocks)
    d[: s.size] = _informative(s**2, np.array(float(blocks.largest)))
    across = vt @ (blocks.indicators.T @ basis.q)
    known = enough(np.array([n]), basis.rank, np.array([blocks.n_blocks]))[0]
    known = known and _told_apart(d[None], np.array([float(n_free)]))[0]
    table = np.hstack([outside @ u, basis.q @ k])
    return CommonRotation(table, d, across, n_free, bool(known))


def rotate_complete(y: Floats, common: CommonRotation) -> RotatedFeatures:
    """Rotate features without missing values; `y` of shape (n_features, n_samples)."""
    n, rank = len(y), common.across.shape[1]
    product, mean = centred_product(y, common.table)
    residual, estimate = product[:, : common.n_free], product[:, common.n_free :]
    of_rounding = is_rounding((residual**2).sum(axis=1), np.einsum("ij,ij->i", y, y))
    residual[of_rounding] = 0.0
    n_carry = int((common.d > 0).sum())
    h, squares = np.zeros((2, n, common.d.size))
    h[:, :n_carry] = residual[:, :n_carry] * np.sqrt(common.d[:n_carry])
    squares[:, :n_carry] = residual[:, :n_carry] ** 2
    return RotatedFeatures(
        estimate=estimate,
        mean=mean,
        n_free=np.full(n, float(common.n_free)),
        rss0=(residual[:, n_carry:] ** 2).sum(axis=1),
        h=h,
        squares=squares,
        d=common.d[None],
        inverse=np.eye(rank)[None],
        across=common.across[None],
        known=np.full(n, common.known),
    )


def rotate_each(
    y: Floats, basis: DesignBasis, blocks: Blocks, k: Floats, weights: Floats | None = None
) -> RotatedFeatures:
    """Rotate features that lack values or have weights, each by itself.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        NaN = missing. Without weights, features with the same ones missing share their
        decompositions.
    k : ndarray of shape (rank, n_contrasts)
    weights : ndarray of shape (n_features, n_samples), optional
        A sample's noise has variance s2 / weight, the block effect t2 whatever the weight. Both
        are in units of a feature's mean weight, so that weights times a constant are the same.
    """
    f = weighted_data(y, basis, blocks, weights)
    of, w = f.patterns.of_row, f.w
    n_seen = f.n_seen[of]
    unit = np.maximum(w.sum(axis=1), np.finfo(float).tiny) / np.maximum(n_seen, 1)
    if weights is None:
        masks = f.patterns.masks.astype(float)
        own = _decompose(masks, np.ones(len(masks)), f.rank, basis, blocks, k).of(of)
    else:
        own = _decompose(w, unit, f.rank[of], basis, blocks, k)
    d = own.d
    gamma, residual = weighted_least_squares(f, own.inverse, basis.q)
    in_blocks = rows_times(w * residual, blocks.indicators) / np.sqrt(unit)[:, None]
    h = np.where(d > 0, (in_blocks[:, None, :] @ own.vectors)[:, 0, :], 0.0)
    squares = h * h / np.where(d > 0, d, 1.0)
    n_free = (f.n_seen - f.rank)[of].astype(float)
    rss0 = np.maximum((w * residual**2).sum(axis=1) - squares.sum(axis=1), 0.0)
    mean = np.where(n_seen > 0, f.y.sum(axis=1) / np.maximum(n_seen, 1), np.nan)
    estimate = np.where(own.unknown, np.nan, gamma @ k)
    known = f.enough[of] & (n_free > 0) & _told_apart(d, n_free)
    return RotatedFeatures(
        estimate, mean, n_free, rss0, h, squares, d, own.inverse, own.across, known
    )


@dataclass(frozen=True)
class _Decomposed:
    """Fields of `RotatedFeatures`, the eigenvectors, and contrasts without information."""

    inverse: Floats
    d: Floats
    vectors: Floats
    across: Floats
    unknown: Bools

    def of(self, rows: Ints) -> _Decomposed:
        """Repeat patterns for the features that have them."""
        return _Decomposed(
            self.inverse[rows],
            self.d[rows],
            self.vectors[rows],
            self.across[rows],
            self.unknown[rows],
        )


def _decompose(
    w: Floats, unit: Floats, rank: Ints, basis: DesignBasis, blocks: Blocks, k: Floats
) -> _Decomposed:
    """Decompose designs and blocks; the rows of `w` are features or patterns.

    Z is multiplied by sqrt(w / unit): `unit` is the weight at which s2 is measured.
    """
    q, z = basis.q, blocks.indicators
    p, n_blocks = q.shape[1], z.shape[1]
    deficient = rank < p
    gram, inverse = gram_and_inverse(w, deficient, q)
    unknown = np.zeros((len(w), k.shape[1]), bool)
    if deficient.any():
        rest = np.abs(k - inverse[deficient] @ (gram[deficient] @ k)).max(axis=1)
        unknown[deficient] = rest > 1e-6 * np.abs(k).max(axis=0)
    by_block = (z[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    zq = rows_times(w / np.sqrt(unit)[:, None], by_block).reshape(-1, n_blocks, p)
    zqa = zq @ inverse
    projected = -(zqa @ zq.transpose(0, 2, 1))
    index = np.arange(n_blocks)
    whole = rows_times(w / unit[:, None], z)
    projected[:, index, index] += whole
    d, v = np.linalg.eigh(projected)
    d = _informative(d, whole.max(axis=1, keepdims=True))
    return _Decomposed(inverse, d, v, v.transpose(0, 2, 1) @ zqa, unknown)


def _informative(d: Floats, scale: Floats) -> Floats:
    """Set to 0 what is 0 up to rounding, `scale` being the largest eigenvalue of Z'Z."""
    return np.where(d > 1e-10 * scale, d, 0.0)


def _told_apart(d: Floats, n_free: Floats) -> Bools:
    """Whether residuals differ in how much of the block variance they hold."""
    carries = d > 0
    largest, smallest = d.max(axis=1), np.where(carries, d, np.inf).min(axis=1)
    uneven = (carries.sum(axis=1) < n_free) | (largest - smallest > 1e-8 * largest)
    return np.asarray((largest > 0) & uneven)
