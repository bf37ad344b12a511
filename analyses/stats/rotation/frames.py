"""Random rotations of independent coordinates, and what they make of pairs of contrasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cohortmart.core.types import Floats, Ints

_AT_ONCE = 512  # rotations; bounds the memory


@dataclass(frozen=True)
class Frames:
    """Random pairs of orthonormal directions.

    Parameters
    ----------
    first, second : ndarray of shape (n_rotations, n_residual + 2)
        Residual coordinates, then the two of the contrasts.
    """

    first: Floats
    second: Floats


@dataclass(frozen=True)
class Moments:
    """Sums over features of two contrasts' log fold changes, their squares and product.

    Parameters
    ----------
    first, second, first2, product, second2 : ndarray of shape (n_rotations, n_pairs)
    """

    first: Floats
    second: Floats
    first2: Floats
    product: Floats
    second2: Floats

    def correlation(self, n: int) -> Floats:
        """Pearson's correlation over `n` features; NaN where one does not vary."""
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = (self.first2 - self.first**2 / n) * (self.second2 - self.second**2 / n)
            r = (self.product - self.first * self.second / n) / np.sqrt(variance)
        return np.asarray(np.clip(np.where(variance > 0, r, np.nan), -1.0, 1.0))


@dataclass(frozen=True)
class PairRoots:
    """Cholesky factors (s 0; t v) of the covariances of pairs of contrasts; arrays of a shape."""

    s: Floats
    t: Floats
    v: Floats


def pair_roots(covariance: Floats, pairs: Ints) -> PairRoots:
    """Decompose the covariances (..., n_contrasts, n_contrasts) of pairs (n_pairs, 2)."""
    i, j = pairs.T
    s = np.sqrt(covariance[..., i, i])
    t = covariance[..., i, j] / s
    return PairRoots(s, t, np.sqrt(np.maximum(covariance[..., j, j] - t**2, 0.0)))


def random_frames(n_rotations: int, n_coordinates: int, seed: int) -> Iterator[Frames]:
    """Yield uniformly random pairs of orthonormal directions, some hundreds at a time.

    Parameters
    ----------
    n_coordinates : int
        At least 2.

    Notes
    -----
    Two normal vectors, made orthonormal: the first two columns of a random rotation.
    """
    rng = np.random.default_rng(seed)
    for start in range(0, n_rotations, _AT_ONCE):
        n = min(_AT_ONCE, n_rotations - start)
        first, second = rng.standard_normal((n, 2, n_coordinates)).transpose(1, 0, 2)
        first = first / np.linalg.norm(first, axis=1, keepdims=True)
        second = second - (first * second).sum(axis=1, keepdims=True) * first
        yield Frames(first, second / np.linalg.norm(second, axis=1, keepdims=True))


def frames_beside(n_rotations: int, n_coordinates: int, seed: int) -> Iterator[Frames]:
    """Yield uniformly random first directions beside a second that stays where it is.

    Parameters
    ----------
    n_coordinates : int
        At least 2; the last is the second contrast's own, which is not rotated.

    Notes
    -----
    Where nothing happens in the first contrast its coordinate and the residual ones are alike,
    whatever happens in the second: what the second has of its own keeps its effects.
    """
    rng = np.random.default_rng(seed)
    for start in range(0, n_rotations, _AT_ONCE):
        n = min(_AT_ONCE, n_rotations - start)
        first, second = np.zeros((2, n, n_coordinates))
        first[:, :-1] = rng.standard_normal((n, n_coordinates - 1))
        second[:, -1] = 1.0
        yield Frames(first / np.linalg.norm(first, axis=1, keepdims=True), second)
