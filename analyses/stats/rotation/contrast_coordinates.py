"""Coordinates of features that rotate when nothing happens, for each contrast by itself.

A feature's residual coordinates and the coordinate of one contrast are alike in every direction
without effects (`rotation`). Each contrast is a rotation of its own, so that the effects of the
others do not enter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.linear.common_weights import common_row, scaled_basis
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.numeric.parallel import for_blocks, rows_times
from analyses.stats.rotation.shared import coordinate_table
from analyses.stats.rotation.space import Coordinates, RotationSpace, rotation_space
from analyses.stats.rotation.space import weighted_coordinates as own_coordinates
from cohortmart.core.types import Bools, Floats

_ROWS = 512  # features with weights a block of work; bounds the memory


@dataclass(frozen=True)
class ContrastCoordinates:
    """Coordinates of features.

    Parameters
    ----------
    residual : ndarray of shape (n_features, n_residual)
        Independent, with the feature's residual variance.
    own : ndarray of shape (n_features, n_contrasts)
        The estimates, with that variance too.
    scale : ndarray of shape (n_features, n_contrasts) or None
        Standard errors divided by the residual standard deviation: an estimate is `scale * own`.
        None where a contrast has the same in every feature.
    """

    residual: Floats
    own: Floats
    scale: Floats | None

    @property
    def squares(self) -> Floats:
        """Sum of squares of the residuals, (n_features,)."""
        r = self.residual
        return np.asarray(np.einsum("ij,ij->i", r, r, dtype=float))


class ContrastSpace:
    """A design and its contrasts, whitened.

    Parameters
    ----------
    basis : DesignBasis
    contrasts : ndarray of shape (n_coefficients, n_contrasts)
    blocks, rho
        Samples of a block share this correlation; none means independent samples.

    Raises
    ------
    ValueError
        A contrast cannot be estimated, the correlation is impossible with these blocks, or the
        design leaves no residual degrees of freedom.
    """

    def __init__(
        self, basis: DesignBasis, contrasts: Floats, blocks: Blocks | None, rho: float
    ) -> None:
        self._basis, self._contrasts, self._blocks, self._rho = basis, contrasts, blocks, rho
        self._space = rotation_space(basis, contrasts, blocks, rho)
        if self.n_residual == 0:
            raise ValueError("without residual degrees of freedom nothing can be rotated")
        self._shared: tuple[bytes, RotationSpace] | None = None

    @property
    def n_residual(self) -> int:
        """Residual degrees of freedom."""
        return int(self._space.outside.shape[1])

    def usable(self, y: Floats, weights: Floats | None = None) -> Bools:
        """Say which features have a value, and a weight, in every sample; (n_features,)."""
        usable = np.isfinite(y).all(axis=1)
        if weights is not None and common_row(weights) is None:
            usable &= (np.isfinite(weights) & (weights > 0)).all(axis=1)
        return np.asarray(usable)

    def coordinates(self, y: Floats, weights: Floats | None = None) -> ContrastCoordinates:
        """Return the coordinates of complete features.

        Parameters
        ----------
        y, weights : ndarray of shape (n_features, n_samples)
        """
        row = common_row(weights)
        if weights is None or len(y) == 0:
            return _of_shared(y, self._space)
        if row is not None:
            return _of_shared(y * np.sqrt(row), self._space_of(row))
        found: dict[int, Coordinates] = {}

        def whiten(start: int, stop: int) -> None:
            found[start] = own_coordinates(y[start:stop], weights[start:stop], self._space)

        for_blocks(len(y), _ROWS, whiten)
        parts = [found[start] for start in sorted(found)]
        scale = np.sqrt(
            np.concatenate([np.diagonal(p.covariance, axis1=1, axis2=2) for p in parts])
        )
        own = np.concatenate([p.estimate for p in parts]) / scale
        return ContrastCoordinates(np.concatenate([p.residual for p in parts]), own, scale)

    def _space_of(self, row: Floats) -> RotationSpace:
        """Return the space of the design with these weights of the samples."""
        key = np.ascontiguousarray(row).tobytes()
        if self._shared is None or self._shared[0] != key:
            basis = scaled_basis(self._basis, row)
            made = rotation_space(basis, self._contrasts, self._blocks, self._rho)
            self._shared = key, made
        return self._shared[1]


def _of_shared(y: Floats, space: RotationSpace) -> ContrastCoordinates:
    mean = y.sum(axis=1, keepdims=True) / y.shape[1]
    # the mean stands by itself, so that a large one costs no digits
    both = rows_times(np.hstack([y - mean, mean]), coordinate_table(space))
    n = space.outside.shape[1]
    scale = np.sqrt(np.diagonal(space.covariance))
    return ContrastCoordinates(np.ascontiguousarray(both[:, :n]), both[:, n:] / scale, None)
