"""Fractions of cell types in samples, and the reference profiles they come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import RANK_TOLERANCE
from cohortmart.core.types import Bools, Floats, Ints


class ProfileError(ValueError):
    """Fractions cannot be had from this reference.

    Parameters
    ----------
    problem : str
        What is wrong.
    hint : str
        What to do about it.
    types : tuple of int
        The cell types it is about, as columns of the reference.
    """

    def __init__(self, problem: str, hint: str, types: tuple[int, ...] = ()) -> None:
        self.problem = problem
        self.hint = hint
        self.types = types
        super().__init__(f"{problem}; {hint}")


@dataclass(frozen=True, eq=False)
class CellFractions:
    """What the samples are made of.

    Parameters
    ----------
    fractions : ndarray of shape (n_samples, n_types)
        0 to 1; a row of NaN where the features that a sample has do not tell the types apart.
    n_features : ndarray of shape (n_samples,)
        Features that took part.
    converged : ndarray of shape (n_samples,)
        False where the rounds ended before the fit stood still.
    """

    fractions: Floats
    n_features: Ints
    converged: Bools


def check_reference(values: Floats, reference: Floats, intercept: bool) -> None:
    """Check that values and reference fit together and that the types can be told apart.

    Parameters
    ----------
    values : ndarray of shape (n_features, n_samples)
        NaN where missing.
    reference : ndarray of shape (n_features, n_types)
    intercept : bool
        A constant is fitted beside the types.

    Raises
    ------
    ProfileError
        Shapes that differ, missing values, too few features, a type that others make up.
    """
    n_features, n_types = reference.shape
    if values.shape[0] != n_features:
        raise ProfileError(
            f"{values.shape[0]} features of the samples and {n_features} of the reference",
            "give both in the same order",
        )
    if not np.isfinite(reference).all():
        raise ProfileError("the reference has missing values", "leave those features out")
    design = with_constant(reference) if intercept else reference
    if n_features <= design.shape[1]:
        raise ProfileError(
            f"{n_features} features for {n_types} cell types",
            f"at least {design.shape[1] + 1} are needed",
        )
    made_up = dependent_columns(design)
    if made_up:
        first = int(intercept)
        raise ProfileError(
            "the profile of a cell type follows from those of others",
            "leave one of them out, or take a reference with more features",
            tuple(column - first for column in made_up if column >= first),
        )


def with_constant(reference: Floats) -> Floats:
    """Return the reference with a column of ones in front."""
    return np.column_stack([np.ones(len(reference)), reference])


def dependent_columns(design: Floats) -> tuple[int, ...]:
    """Return the columns of a combination that is nothing; none where the rank is full.

    Parameters
    ----------
    design : ndarray of shape (n_features, n_columns)
    """
    length = np.sqrt(np.square(design).sum(axis=0))
    if not length.all():
        return tuple(int(column) for column in np.flatnonzero(length == 0.0))
    _, singular, right = np.linalg.svd(design / length, full_matrices=False)
    if singular[-1] > RANK_TOLERANCE * singular[0]:
        return ()
    return tuple(int(column) for column in np.flatnonzero(np.abs(right[-1]) > 1e-6))
