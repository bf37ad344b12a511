"""Sums over features with weights of their own, for the correlation of rotated contrasts.

With l the Cholesky factor of a feature's own covariance of two contrasts, their rotated log fold
changes are s x1 and t x1 + v x2. Sums of their squares and products over features are quadratic
in the rotation, so the cross products of the coordinates, weighted by the products of s, t and v,
hold all there is to know. They are kept packed: coordinate a times coordinate b, a <= b.
"""

from __future__ import annotations

import numpy as np

from analyses.stats.numeric.cross_product import cross_product
from analyses.stats.numeric.parallel import for_blocks, rows_times
from analyses.stats.rotation.feature_correlation import FeatureSums
from analyses.stats.rotation.frames import Frames, Moments, pair_roots
from analyses.stats.rotation.space import Coordinates, RotationSpace, weighted_coordinates
from cohortmart.core.types import Floats, Ints

_ROWS = 512  # features a block of work; bounds the memory
_N_SQUARES = 6  # s^2, s t, t^2 with x1 x1; s v, t v with x1 x2; v^2 with x2 x2
_N_SINGLES = 3  # s, t, v


class WeightedSums:
    """Sums over features with weights, for each pair of contrasts.

    Parameters
    ----------
    space : RotationSpace
    pairs : ndarray of shape (n_pairs, 2), int
        Of contrasts that are not proportional.

    Attributes
    ----------
    features : FeatureSums
        How the features correlate with each other.

    Notes
    -----
    Takes 6 (m (m + 1) / 2) n_pairs numbers, m = n_samples - rank + 2.
    """

    def __init__(self, space: RotationSpace, pairs: Ints) -> None:
        self._space = space
        self._pairs = pairs
        d = space.outside.shape[1]
        a, b = np.triu_indices(d)
        self._upper = a, b
        # in this order: residual x residual, the contrasts' x residual, the contrasts' own
        rest = np.tile(np.arange(d), 2), np.repeat([d, d + 1], d)
        own = np.array([d, d, d + 1]), np.array([d, d + 1, d + 1])
        self._products = tuple(np.concatenate(x) for x in zip((a, b), rest, own, strict=True))
        n_pairs = len(pairs)
        self._square = np.zeros((len(self._products[0]), _N_SQUARES, n_pairs))
        self._single = np.zeros((d + 2, _N_SINGLES, n_pairs))
        self.features = FeatureSums(d)

    def add(self, y: Floats, w: Floats) -> None:
        """Add complete features; `y` and `w` of shape (n_features, n_samples)."""
        found: dict[int, Coordinates] = {}

        def whiten(start: int, stop: int) -> None:
            found[start] = weighted_coordinates(y[start:stop], w[start:stop], self._space)

        for_blocks(len(y), _ROWS, whiten)
        for start in sorted(found):  # sums in one order, whatever the number of threads
            self._add(found[start])
            rows = slice(start, start + _ROWS)
            size = np.sqrt((w[rows] * y[rows] ** 2).sum(axis=1))
            self.features.add(found[start].residual, size)

    def _add(self, found: Coordinates) -> None:
        e = found.residual
        d = e.shape[1]
        i, j = self._pairs.T
        root = pair_roots(found.covariance, self._pairs)
        s, t, v = root.s, root.t, root.v
        u1 = found.estimate[:, i] / s
        u2 = (found.estimate[:, j] - t * u1) / v
        square = np.stack([s**2, s * t, t**2, s * v, t * v, v**2], axis=1)
        single = np.stack([s, t, v], axis=1)
        upper, last = len(self._upper[0]), len(self._square) - 3
        a, b = self._upper
        self._square[:upper] += _sums(e[:, a] * e[:, b], square)
        for u, first in ((u1, upper), (u2, upper + d)):
            self._square[first : first + d] += _sums(e, square * u[:, None])
            self._single[d + int(u is u2)] += np.einsum("nkp,np->kp", single, u)
        for row, product in enumerate((u1**2, u1 * u2, u2**2)):
            self._square[last + row] += np.einsum("nkp,np->kp", square, product)
        self._single[:d] += _sums(e, single)

    def moments(self, frames: Frames) -> Moments:
        """Return the sums that each rotation gives for each pair of contrasts."""
        x1, x2 = frames.first, frames.second
        packed = [self._pack(*x) for x in ((x1, x1), (x1, x2), (x2, x2))]
        s2, st, t2, sv, tv, v2 = self._square.transpose(1, 0, 2)
        both = np.hstack([x1, x2])
        return Moments(
            first=rows_times(x1, self._single[:, 0]),
            second=rows_times(both, np.vstack([self._single[:, 1], self._single[:, 2]])),
            first2=cross_product(packed[0], s2),
            product=cross_product(np.vstack(packed[:2]), np.vstack([st, sv])),
            second2=cross_product(np.vstack(packed), np.vstack([t2, 2.0 * tv, v2])),
        )

    def _pack(self, x: Floats, y: Floats) -> Floats:
        """Coefficients (n_products, n_rotations) of the packed products in (e'x)(e'y)."""
        a, b = self._products
        left, right = np.ascontiguousarray(x.T), np.ascontiguousarray(y.T)
        out = left[a] * right[b] + left[b] * right[a]
        out[a == b] *= 0.5
        return np.asarray(out)


def _sums(e: Floats, weights: Floats) -> Floats:
    """Sum over features of e (n, p) times weights (n, k, n_pairs); shape (p, k, n_pairs)."""
    return cross_product(e, weights.reshape(len(e), -1)).reshape(e.shape[1], *weights.shape[1:])
