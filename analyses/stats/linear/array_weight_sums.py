"""Restricted likelihood of the samples' variances, its slope and curvature, over all features.

For feature g the variance of sample j is s2_g exp(gamma_j) / w_gj, w the prior weights. With both
sides multiplied by the roots of the weights, e_g = (I - H_g) y_g the residuals and H_g the
projection on the design, minus twice the restricted log-likelihood is, s2_g profiled out,
sum_g [ f_g log |e_g|^2 + log |Q'W_g Q| + sum_j gamma_j ], f_g residual degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis, design_basis, is_rounding
from analyses.stats.linear.missing import (
    MaskPatterns,
    by_number_missing,
    find_gaps,
    find_patterns,
    observed_rank,
)
from analyses.stats.linear.missing_plot import allows_missing_plot, centred_product
from analyses.stats.numeric.cross_product import cross_product
from analyses.stats.numeric.parallel import for_blocks, rows_times
from cohortmart.core.types import Floats

_ROWS = 1024  # features a block of work
_OWN_VALUES = 2**20  # values in the projections of features that have each their own


@dataclass(eq=False)
class VarianceSums:
    """Sums over features; all of minus twice the restricted log-likelihood.

    Parameters
    ----------
    slope : ndarray of shape (n_samples,)
        Derivatives by the log variances gamma.
    curvature : ndarray of shape (n_samples, n_samples)
        Second derivatives; nearly those where values are missing.
    expected : ndarray of shape (n_samples, n_samples)
        What the curvature would be on average if gamma were true; never negative.
    n_features : int
        Features that took part.
    """

    height: float
    slope: Floats
    curvature: Floats
    expected: Floats
    n_features: int

    def add(self, other: VarianceSums) -> None:
        """Add the sums over other features."""
        self.height += other.height
        self.slope += other.slope
        self.curvature += other.curvature
        self.expected += other.expected
        self.n_features += other.n_features


@dataclass(frozen=True, eq=False)
class _Frame:
    """The design at the present weights, shared by features without weights of their own."""

    gamma: Floats
    root: Floats  # sqrt of the samples' weights
    scaled: DesignBasis  # basis of root x design
    outside: Floats  # I - H
    log_det: float  # log |Q'WQ|
    basis: DesignBasis


def no_sums(n: int) -> VarianceSums:
    """Return the sums over no feature, for `n` samples."""
    return VarianceSums(0.0, np.zeros(n), np.zeros((n, n)), np.zeros((n, n)), 0)


def variance_sums(
    y: Floats, weights: Floats | None, basis: DesignBasis, gamma: Floats, total: VarianceSums
) -> None:
    """Add what some features say of the samples' log variances.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        NaN = missing. A feature has no say without residual degrees of freedom, without any
        variation, or where its own missing values make the design deficient.
    weights : ndarray of shape (n_features, n_samples) or None
        Prior weights, positive.
    gamma : ndarray of shape (n_samples,)
        Log variances of the samples at which the sums are formed.
    total : VarianceSums
        Is added to, block of rows by block of rows, so that it does not depend on how features
        are handed over as long as that is in multiples of 1,024 (without weights).
    """
    frame = _frame(basis, gamma)
    rows = _ROWS if weights is None else _rows_of_own(gamma.size)
    parts: list[list[VarianceSums]] = [[] for _ in range(-(-len(y) // rows))]

    def work(start: int, stop: int) -> None:
        w = None if weights is None else weights[start:stop]
        one = _of_shared(y[start:stop], frame) if w is None else [_of_own(y[start:stop], w, frame)]
        parts[start // rows] = one

    for_blocks(len(y), rows, work)
    for part in (one for several in parts for one in several):
        total.add(part)


def _rows_of_own(n: int) -> int:
    return max(1, min(_ROWS, _OWN_VALUES // n**2))


def _frame(basis: DesignBasis, gamma: Floats) -> _Frame:
    root = np.exp(-gamma / 2)
    q = root[:, None] * basis.q
    scaled = design_basis(q)
    outside = np.eye(gamma.size) - scaled.q @ scaled.q.T
    log_det = float(np.linalg.slogdet(q.T @ q)[1])
    return _Frame(gamma, root, scaled, outside, log_det, basis)


def _of_shared(y: Floats, at: _Frame) -> list[VarianceSums]:
    """Features without weights: complete ones, those that can be filled in, the others."""
    gaps = find_gaps(y)
    out = []
    if gaps.complete.any():
        out.append(_of_complete(y[gaps.complete], at))
    if gaps.rows.size:
        patterns = gaps.patterns
        fillable = allows_missing_plot(at.scaled, patterns)[patterns.of_row]
        filled, others = np.flatnonzero(fillable), gaps.rows[~fillable]
        if filled.size:
            out.append(_of_filled(y[gaps.rows[filled]], at, patterns.of(filled)))
        step = _rows_of_own(at.gamma.size)
        out += [_of_own(y[others[i : i + step]], None, at) for i in range(0, others.size, step)]
    return out


def _of_complete(y: Floats, at: _Frame) -> VarianceSums:
    e = centred_product(y, at.root[:, None] * at.outside)[0]
    free = np.full(len(y), float(at.gamma.size - at.basis.rank))
    constant = np.full(len(y), at.log_det + at.gamma.sum())
    e, free, constant = _that_vary(y * at.root, e, free, constant)
    left = np.broadcast_to(np.diag(at.outside), e.shape)
    n_pairs = np.full(at.outside.shape, float(len(e)))
    return _sums(e, left, free, constant, _shared_terms(e, free, at, n_pairs))


def _of_filled(y: Floats, at: _Frame, patterns: MaskPatterns) -> VarianceSums:
    """Missing values as unknowns of their own: see `missing_plot`."""
    of, masks = patterns.of_row, patterns.masks
    outside, seen = at.outside, masks[of]
    e = centred_product(y, at.root[:, None] * outside, seen)[0]
    left = np.empty(masks.shape)
    log_det = np.empty(len(masks))
    for gaps in by_number_missing(patterns):
        rows = outside[gaps.samples]  # (n_chosen, n_missing, n_samples)
        own = np.take_along_axis(rows, gaps.samples[:, None, :], axis=2)
        solve = np.linalg.inv(own) @ rows
        left[gaps.patterns] = np.diag(outside) - (solve * rows).sum(axis=1)
        log_det[gaps.patterns] = np.linalg.slogdet(own)[1]
        wrong = np.take_along_axis(e[gaps.rows], gaps.samples[gaps.of_row], axis=1)
        e[gaps.rows] -= (wrong[:, None, :] @ solve[gaps.of_row])[:, 0]
    e[~seen] = 0.0
    left[~masks] = 0.0
    free = (masks.sum(axis=1) - at.basis.rank).astype(float)[of]
    constant = (at.log_det + log_det + masks @ at.gamma)[of]
    scaled = np.where(seen, y, 0.0) * at.root
    counted = seen.astype(float)
    e, free, constant, left, counted = _that_vary(scaled, e, free, constant, left[of], counted)
    terms = _shared_terms(e, free, at, cross_product(counted, counted))
    return _sums(e, left, free, constant, terms)


def _of_own(y: Floats, weights: Floats | None, at: _Frame) -> VarianceSums:
    """Features with weights of their own, or that lack too much to share anything."""
    patterns = find_patterns(np.isfinite(y))
    n_seen = patterns.masks.sum(axis=1)
    rank = at.basis.rank
    ok = ((observed_rank(at.basis, patterns) == rank) & (n_seen > rank))[patterns.of_row]
    seen = patterns.masks[patterns.of_row][ok]
    y = np.where(seen, y[ok], 0.0)
    prior = np.ones(y.shape) if weights is None else weights[ok]
    w = np.where(seen, prior * at.root**2, 0.0)
    q = at.basis.q
    pairs = (q[:, :, None] * q[:, None, :]).reshape(len(q), -1)
    gram = rows_times(w, pairs).reshape(-1, rank, rank)
    inverse = np.linalg.inv(gram)
    residual = y
    for _ in range(2):  # the second one repairs the rounding of the first
        beta = (inverse @ rows_times(w * residual, q)[:, :, None])[:, :, 0]
        residual = residual - rows_times(beta, q.T)
    root = np.sqrt(w)
    scaled = root[:, :, None] * q
    outside = -(scaled @ inverse @ scaled.transpose(0, 2, 1))
    index = np.arange(len(q))
    outside[:, index, index] += seen
    free = n_seen[patterns.of_row][ok].astype(float) - rank
    constant = np.linalg.slogdet(gram)[1] + seen @ at.gamma
    e, free, constant, outside = _that_vary(root * y, root * residual, free, constant, outside)
    left = outside[:, index, index]
    c = e / np.sqrt((e**2).sum(axis=1) / free)[:, None]
    both = ((c[:, :, None] * outside) * c[:, None, :]).sum(axis=0)
    return _sums(e, left, free, constant, (both, (outside**2).sum(axis=0)))


def _that_vary(scaled: Floats, e: Floats, *others: Floats) -> tuple[Floats, ...]:
    """Leave out features whose residuals are only rounding."""
    total = np.einsum("ij,ij->i", scaled, scaled)
    vary = ~is_rounding(np.einsum("ij,ij->i", e, e), total)
    return tuple(a if vary.all() else a[vary] for a in (e, *others))


def _shared_terms(e: Floats, free: Floats, at: _Frame, n_pairs: Floats) -> tuple[Floats, Floats]:
    """Sum e e'(I - H)/s2 and (I - H)^2, elementwise; all features with the same I - H.

    That is near enough where some values are missing: `n_pairs` counts the features with both.
    """
    c = e / np.sqrt((e**2).sum(axis=1) / free)[:, None]
    return cross_product(c, c) * at.outside, n_pairs * at.outside**2


def _sums(
    e: Floats, left: Floats, free: Floats, constant: Floats, terms: tuple[Floats, Floats]
) -> VarianceSums:
    """Put the sums together; `left` is the diagonal of I - H, 0 where missing."""
    both, squared = terms
    squares = e**2
    rss = squares.sum(axis=1)
    z = squares / (rss / free)[:, None]
    part = z / np.sqrt(free)[:, None]
    of_z, of_left = z.sum(axis=0), left.sum(axis=0)
    share = left / np.sqrt(free)[:, None]
    # H_jk^2 is (I - H)_jk^2 off the diagonal, and h - h^2 on it is left - left^2
    curvature = 2.0 * both - cross_product(part, part) - squared + np.diag(of_left - of_z)
    return VarianceSums(
        height=float((free * np.log(rss)).sum() + constant.sum()),
        slope=of_left - of_z,
        curvature=curvature,
        expected=squared - cross_product(share, share),
        n_features=len(e),
    )
