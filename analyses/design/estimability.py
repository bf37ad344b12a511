"""Which combinations of coefficients a design can tell, and which columns it cannot part."""

from __future__ import annotations

import numpy as np

from analyses.stats.linear.basis import design_basis
from cohortmart.core.types import Floats

#: An undetermined part below this share is rounding, in columns scaled to length 1.
_ROUNDING = 1e-9
#: A column takes part in an entanglement if its share in it is above this.
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


def is_estimable(matrix: Floats, weights: Floats) -> bool:
    """Return whether the samples determine a combination of coefficients.

    Parameters
    ----------
    matrix : ndarray of shape (n_samples, n_coefficients)
    weights : ndarray of shape (n_coefficients,)
    """
    # the rule of the fit itself, so that what passes here cannot fail there
    return bool(np.isfinite(design_basis(matrix).contrasts(weights[:, None])).all())


def entangled_columns(matrix: Floats, weights: Floats | None = None) -> list[int]:
    """Return the columns that are sums of each other, by position.

    Parameters
    ----------
    matrix : ndarray of shape (n_samples, n_coefficients)
    weights : ndarray of shape (n_coefficients,), optional
        Only the entanglement that keeps this combination from being estimated.

    Returns
    -------
    list of int
        Sorted; empty where the design has full rank.
    """
    free, length = _free_directions(matrix)
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


def _free_directions(matrix: Floats) -> tuple[Floats, Floats]:
    """Projector onto the changes of the coefficients that move no fitted value.

    It stands in columns of length 1, hence without the columns' units; the lengths come second.
    """
    basis = design_basis(matrix)
    row_space = basis.row_space / basis.length[:, None] * basis.length
    return np.eye(matrix.shape[1]) - row_space, basis.length
