"""Sums over features that share the covariance, for the correlation of rotated contrasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.numeric.cross_product import cross_product
from analyses.stats.numeric.parallel import rows_times
from analyses.stats.rotation.feature_correlation import FeatureSums
from analyses.stats.rotation.frames import Frames, Moments, pair_roots
from analyses.stats.rotation.space import RotationSpace
from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True)
class _Rotated:
    """One rotated coordinate x = e'frame + own b_i + other b_j of pairs (i, j) of contrasts.

    Parameters
    ----------
    frame : ndarray of shape (n_rotations, n_residual)
    own, other : ndarray of shape (n_rotations, n_pairs)
    with_residual : ndarray of shape (n_rotations, n_residual)
        Sums over features of e'frame times the residual coordinates e ...
    with_own, with_other : ndarray of shape (n_rotations, n_pairs)
        ... and times the estimates b_i and b_j.
    total : ndarray of shape (n_rotations, n_pairs)
        Sum over features of x.
    """

    frame: Floats
    own: Floats
    other: Floats
    with_residual: Floats
    with_own: Floats
    with_other: Floats
    total: Floats


class SharedSums:
    """Sums over features without weights: cross products of the values, for all contrasts.

    Parameters
    ----------
    space : RotationSpace
    pairs : ndarray of shape (n_pairs, 2), int
        Of contrasts that are not proportional.

    Attributes
    ----------
    features : FeatureSums
        How the features correlate with each other.
    """

    def __init__(self, space: RotationSpace, pairs: Ints) -> None:
        self._space = space
        self._pairs = pairs
        n = len(space.q) + 1
        self._gram, self._sum = np.zeros((n, n)), np.zeros(n)
        self._table = coordinate_table(space)
        self.features = FeatureSums(space.outside.shape[1])

    def add(self, y: Floats) -> None:
        """Add complete features, `y` of shape (n_features, n_samples)."""
        mean = y.sum(axis=1, keepdims=True) / y.shape[1]
        # the mean stands by itself, so that a large one costs no digits
        z = np.hstack([y - mean, mean])
        self._gram += cross_product(z, z)
        self._sum += z.sum(axis=0)
        residual = rows_times(z, self._table[:, : self._space.outside.shape[1]])
        self.features.add(residual, np.sqrt((y**2).sum(axis=1)))

    def moments(self, frames: Frames) -> Moments:
        """Return the sums that each rotation gives for each pair of contrasts."""
        gram, total = self._of_coordinates()
        x1, x2 = (self._turn(f, gram, total) for f in (frames.first, frames.second))
        n_residual = self._space.outside.shape[1]
        i, j = self._pairs.T
        cross = gram[n_residual:, n_residual:]
        of_pair = cross[i, i], cross[i, j], cross[j, j]
        x11, x12, x22 = (_sum_of_products(a, b, of_pair) for a, b in ((x1, x1), (x1, x2), (x2, x2)))
        root = pair_roots(self._space.covariance, self._pairs)
        s, t, v = root.s, root.t, root.v
        return Moments(
            first=s * x1.total,
            second=t * x1.total + v * x2.total,
            first2=s**2 * x11,
            product=s * (t * x11 + v * x12),
            second2=t**2 * x11 + 2.0 * t * v * x12 + v**2 * x22,
        )

    def _of_coordinates(self) -> tuple[Floats, Floats]:
        """Cross products and sums of residual coordinates and estimates, side by side."""
        table = self._table
        return cross_product(table, cross_product(self._gram, table)), table.T @ self._sum

    def _turn(self, frame: Floats, gram: Floats, total: Floats) -> _Rotated:
        n_residual = self._space.outside.shape[1]
        root = pair_roots(self._space.covariance, self._pairs)
        i, j = self._pairs.T
        residual = np.ascontiguousarray(frame[:, :n_residual])
        # a contrast's coordinate is its estimate divided by s, the second's less the first's part
        other = frame[:, n_residual + 1 :] / root.v
        own = frame[:, n_residual, None] / root.s - other * (root.t / root.s)
        along = rows_times(residual, gram[:n_residual])
        estimates, sums = along[:, n_residual:], total[n_residual:]
        of_residual = (residual * total[:n_residual]).sum(axis=1)[:, None]
        return _Rotated(
            frame=residual,
            own=own,
            other=other,
            with_residual=along[:, :n_residual],
            with_own=estimates[:, i],
            with_other=estimates[:, j],
            total=of_residual + own * sums[i] + other * sums[j],
        )


def coordinate_table(space: RotationSpace) -> Floats:
    """Return what makes residual coordinates and estimates of centred values and their mean."""
    table = rows_times(space.root, np.hstack([space.outside, space.change]))
    of_one = table.sum(axis=0)
    of_one[np.abs(of_one) <= 1e-13 * np.abs(table).sum(axis=0)] = 0.0  # rounding
    return np.vstack([table, of_one])


def _sum_of_products(a: _Rotated, b: _Rotated, of_pair: tuple[Floats, Floats, Floats]) -> Floats:
    """Sum a times b over features; `of_pair` has the same sums of b_i^2, b_i b_j and b_j^2."""
    own2, both, other2 = of_pair
    out = (a.with_residual * b.frame).sum(axis=1)[:, None]
    out = out + a.with_own * b.own + a.with_other * b.other
    out += b.with_own * a.own + b.with_other * a.other
    out += (a.own * b.other + a.other * b.own) * both
    return np.asarray(out + a.own * b.own * own2 + a.other * b.other * other2)
