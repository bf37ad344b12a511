"""Estimability: which contrasts a design can tell, and which columns it cannot part."""

from __future__ import annotations

import numpy as np

from analyses.stats.linear.basis import DesignBasis, design_basis
from cohortmart.core.types import Floats

#: An undetermined part below this share is rounding, in columns scaled to length 1.
_ROUNDING = 1e-9
#: A column takes part in an aliasing if its share in it is above this.
_SHARE = 1e-6
#: A column of length 1 that the others leave less than this of is a sum of them.
_DEPENDENT = 1e-8


def rank_of(matrix: Floats) -> int:
    """Return the rank of a design, 0 for one without a value.

    Parameters
    ----------
    matrix : ndarray of shape (n_samples, n_coefficients)
    """
    return design_basis(matrix).rank if matrix.size and np.any(matrix) else 0


def is_estimable(basis: DesignBasis, weights: Floats) -> bool:
    """Return whether the samples determine a combination of coefficients.

    Parameters
    ----------
    basis : DesignBasis
        Of the design; the fit uses the same, so that what passes here cannot fail there.
    weights : ndarray of shape (n_coefficients,)
    """
    return bool(np.isfinite(basis.contrasts(weights[:, None])).all())


def aliased_columns(basis: DesignBasis, weights: Floats | None = None) -> list[int]:
    """Return the columns that are sums of each other, by position.

    Parameters
    ----------
    basis : DesignBasis
        Of the design.
    weights : ndarray of shape (n_coefficients,), optional
        Only the aliasing that keeps this combination from being estimated.

    Returns
    -------
    list of int
        Sorted; empty where the design has full rank.
    """
    free, length = _free_directions(basis)
    part = free if weights is None else (free @ (weights / length))[:, None]
    largest = np.abs(part).max()
    least = _ROUNDING * (1.0 if weights is None else np.abs(weights / length).max())
    if largest <= least:
        return []
    return [int(i) for i in np.flatnonzero(np.abs(part).max(axis=1) > _SHARE * largest)]


def explanations(matrix: Floats) -> list[tuple[int, list[tuple[int, float, float]]]]:
    """Say which columns are weighted sums of independent columns before them.

    Parameters
    ----------
    matrix : ndarray of shape (n_samples, n_coefficients)

    Returns
    -------
    list of (int, list of (int, float, float))
        Each dependent column with the columns it is the sum of: position, weight, and share of
        the column's length. Empty where the design has full rank.
    """
    length = np.linalg.norm(matrix, axis=0)
    scaled = matrix / np.where(length > 0, length, 1.0)
    own: list[int] = []
    found: list[tuple[int, list[tuple[int, float, float]]]] = []
    for j in range(matrix.shape[1]):
        before = scaled[:, own]
        share = np.linalg.lstsq(before, scaled[:, j], rcond=None)[0] if own else np.zeros(0)
        rest = np.linalg.norm(scaled[:, j] - before @ share)
        if rest > _DEPENDENT:
            own.append(j)
            continue
        large = np.flatnonzero(np.abs(share) > _SHARE * np.abs(share).max(initial=0.0))
        terms = [
            (own[k], float(share[k] * length[j] / length[own[k]]), float(share[k])) for k in large
        ]
        found.append((j, terms))
    return found


def _free_directions(basis: DesignBasis) -> tuple[Floats, Floats]:
    """Projector onto the changes of the coefficients that move no fitted value.

    It stands in columns of length 1, hence without the columns' units; the lengths come second.
    """
    row_space = basis.row_space / basis.length[:, None] * basis.length
    return np.eye(len(row_space)) - row_space, basis.length
