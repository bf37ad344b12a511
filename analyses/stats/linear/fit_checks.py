"""Checks before a fit: values, weights and contrasts that no formula can use."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.numeric.parallel import for_blocks
from cohortmart.core.types import Bools, Floats, Ints

_ROWS = 4096  # features a block of work when values are looked at only
_NAMED = 5  # rows named in a message


def check_fit(
    y: Floats, basis: DesignBasis, contrasts: Floats, weights: Floats | None, errors: str
) -> None:
    """Raise ValueError for what fit_contrasts cannot take; rows and columns count from 0.

    Parameters
    ----------
    y : ndarray of shape (n_features, n_samples)
        NaN = missing; infinite values are refused.
    basis : DesignBasis
        Must leave at least one residual degree of freedom.
    contrasts : ndarray of shape (n_coefficients, n_contrasts)
        Finite, none of them all zeros.
    weights : ndarray of shape (n_features, n_samples) or None
        Positive and finite wherever there is a value.
    errors : {"exact", "limma"}
    """
    if errors not in ("exact", "limma"):
        raise ValueError(f"errors must be 'exact' or 'limma', not {errors!r}")
    n_samples, n_coefficients = len(basis.q), basis.to_basis.shape[1]
    if y.ndim != 2 or y.shape[1] != n_samples:
        raise ValueError(f"y of shape {y.shape} does not fit a design of {n_samples} samples")
    if n_samples - basis.rank < 1:
        raise ValueError(
            f"no residual degrees of freedom: {n_samples} samples, "
            f"{basis.rank} independent coefficients"
        )
    _check_contrasts(contrasts, n_coefficients)
    _check_rows(len(y), lambda rows: np.isinf(y[rows]), "y has infinite values")
    if weights is None:
        return
    if weights.shape != y.shape:
        raise ValueError(f"weights of shape {weights.shape} do not fit y of shape {y.shape}")

    def unusable(rows: slice) -> Bools:
        w = weights[rows]
        return np.asarray(~((w > 0) & (w < np.inf)) & ~np.isnan(y[rows]))

    _check_rows(len(y), unusable, "weights are not positive and finite")


def check_sets(sets: Sequence[Sequence[int]] | None, n_contrasts: int) -> list[list[int]]:
    """Return the sets of contrasts as lists of columns; None stands for one set of all.

    Raises
    ------
    ValueError
        A set is empty, or names a column that does not exist.
    """
    if sets is None:
        return [list(range(n_contrasts))]
    out = [[int(j) for j in one] for one in sets]
    for i, one in enumerate(out):
        if not one or min(one) < 0 or max(one) >= n_contrasts:
            raise ValueError(f"set {i} of contrasts is {one}: columns 0 to {n_contrasts - 1} exist")
    return out


def _check_contrasts(contrasts: Floats, n_coefficients: int) -> None:
    if contrasts.ndim != 2 or len(contrasts) != n_coefficients:
        raise ValueError(
            f"contrasts of shape {contrasts.shape} do not fit {n_coefficients} coefficients"
        )
    for good, what in (
        (np.isfinite(contrasts).all(axis=0), "not finite"),
        (contrasts.any(axis=0), "all zeros"),
    ):
        bad = np.flatnonzero(~np.asarray(good))
        if bad.size:
            raise ValueError(f"contrasts are {what}: {_named(bad, 'column')}")


def _check_rows(n: int, bad: Callable[[slice], Bools], what: str) -> None:
    found = np.zeros(n, bool)

    def look(start: int, stop: int) -> None:
        found[start:stop] = bad(slice(start, stop)).any(axis=1)

    for_blocks(n, _ROWS, look)
    where = np.flatnonzero(found)
    if where.size:
        raise ValueError(f"{what} in {where.size} of {n} rows: {_named(where, 'row')}")


def _named(where: Ints, what: str) -> str:
    """`row 3`, `rows 3, 7`, and so on, with dots if there are many."""
    listed = ", ".join(str(i) for i in where[:_NAMED])
    return f"{what}{'s' if where.size > 1 else ''} {listed}{', ...' if where.size > _NAMED else ''}"
