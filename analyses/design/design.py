"""A design matrix and what its rows and columns are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analyses.design.coefficient_names import INTERCEPT, Spelling
from analyses.stats.linear.basis import DesignBasis, design_basis
from cohortmart.core.text import Nouns
from cohortmart.core.types import Floats

__all__ = ["INTERCEPT", "Design", "SamplesOnCurve"]


@dataclass(frozen=True, eq=False)
class SamplesOnCurve:
    """Where each sample lies on the curve of a model.

    Parameters
    ----------
    of : str
        The number that the curve is of, such as `pregnancy_week`.
    by : str or None
        The category with one curve a level; None = one curve for all.
    levels : tuple of str, length n_samples
        The curve of each sample; empty text where there is one for all.
    values : ndarray of shape (n_samples,)
    """

    of: str
    by: str | None
    levels: tuple[str, ...]
    values: Floats


@dataclass(frozen=True, eq=False)
class Design:
    """A design matrix and what its rows and columns are.

    Parameters
    ----------
    matrix : ndarray of shape (n_samples, n_coefficients)
        May be rank deficient; then `notes` says so.
    columns : tuple of str
        Names of the coefficients.
    sample_ids : tuple of str
        One a row.
    blocks : ndarray of str of shape (n_samples,), or None
        Label of each sample's block.
    mean_labels : tuple of str, or None
        Each sample's combination (`HP.1st`); None for a formula and for a curve.
    notes : tuple of str
        What was left out, and other things the user should know, in plain words.
    mean_factors : tuple of str
        Names behind the parts of a combination; empty for a formula. A curve has its category
        and its number here.
    mean_levels : mapping of str to tuple of str
        The parts of each combination that has samples, in the order of the columns; for a curve
        the level and the knot behind each coefficient: `HP.12` to `("HP", "12")`.
    baseline : str or None
        The combination behind `Intercept`.
    absent : tuple of str
        Coefficients that the model would have if there were samples for them.
    empty : tuple of str
        Combinations of levels that do occur, but not together.
    coefficient_meanings : mapping of str to str
        Plain words for coefficients of covariates.
    curve : SamplesOnCurve or None
    within : str or None
        The category whose levels are the last columns (`model.within`).
    column_variables : tuple of frozenset of str
        The roles, factors and covariates behind each column.
    categories : mapping of str to tuple of str
        Each sample's level of every category in the model.
    nouns : Nouns
        What the study calls people and timepoints.
    spellings : mapping of str to Spelling
        Other names that contrasts may use: R's names, and the means that a formula implies.
    """

    matrix: Floats
    columns: tuple[str, ...]
    sample_ids: tuple[str, ...]
    blocks: NDArray[np.str_] | None
    mean_labels: tuple[str, ...] | None
    notes: tuple[str, ...]
    mean_factors: tuple[str, ...] = ()
    mean_levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    baseline: str | None = None
    absent: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    coefficient_meanings: Mapping[str, str] = field(default_factory=dict)
    curve: SamplesOnCurve | None = None
    within: str | None = None
    column_variables: tuple[frozenset[str], ...] = ()
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nouns: Nouns = field(default=Nouns())
    spellings: Mapping[str, Spelling] = field(default_factory=dict)

    @cached_property
    def basis(self) -> DesignBasis:
        """Its one decomposition: what can be estimated is asked of it, and the fit uses it.

        Raises
        ------
        ValueError
            There is no column, or every value is zero.
        """
        return design_basis(self.matrix)

    @cached_property
    def own_basis(self) -> DesignBasis:
        """The decomposition of the columns before those of `within`."""
        return self.basis if self.within is None else design_basis(self.matrix[:, : self.n_own])

    @property
    def rank(self) -> int:
        """Number of independent columns, 0 for a design without a value."""
        return self.basis.rank if self.matrix.size and np.any(self.matrix) else 0

    @property
    def n_own(self) -> int:
        """Number of columns before those of `within`."""
        if self.within is None:
            return len(self.columns)
        return len(self.columns) - len(set(self.categories[self.within]))

    @property
    def expression_groups(self) -> tuple[str, ...] | None:
        """Each sample's group for `filter_by_expr`: its combination, or its curve."""
        if self.curve is not None and self.curve.by is not None:
            return self.curve.levels
        return self.mean_labels
