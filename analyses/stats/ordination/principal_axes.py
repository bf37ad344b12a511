"""Principal axes of samples, from the inner products of the samples (Torgerson 1952)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohortmart.core.types import Floats

#: An eigenvalue below this share of the largest is rounding: its axis has no direction.
_SMALLEST = 1e-12
#: Sizes closer than this share are a tie, in which the first sample counts.
_TIE = 1e-9


@dataclass(frozen=True, eq=False)
class PrincipalAxes:
    """Coordinates of the samples.

    Parameters
    ----------
    coordinates : ndarray of shape (n_samples, n_axes)
        The axes are at right angles, the longest first.
    eigenvalues : ndarray of shape (n_axes,)
        Sums of squares of the coordinates, falling, above 0.
    """

    coordinates: Floats
    eigenvalues: Floats


def principal_axes(inner: Floats, most: int) -> PrincipalAxes:
    """Return coordinates whose inner products are nearest to those given.

    The sign of an axis means nothing; it is chosen so that the largest coordinate is positive.

    Parameters
    ----------
    inner : ndarray of shape (n_samples, n_samples)
        Inner products about the mean: symmetric, rows add up to 0.
    most : int
        Largest number of axes; there are fewer where the samples lie in fewer.
    """
    eigenvalues, vectors = np.linalg.eigh(inner)
    eigenvalues, vectors = eigenvalues[::-1][:most], vectors[:, ::-1][:, :most]
    kept = (eigenvalues > 0.0) & (eigenvalues > _SMALLEST * eigenvalues[0])
    eigenvalues, vectors = eigenvalues[kept], vectors[:, kept]
    size = np.abs(vectors)
    first = np.argmax(size >= (1.0 - _TIE) * size.max(axis=0, initial=0.0), axis=0)
    signs = np.sign(vectors[first, np.arange(len(eigenvalues))])
    return PrincipalAxes(vectors * (signs * np.sqrt(eigenvalues)), eigenvalues)
