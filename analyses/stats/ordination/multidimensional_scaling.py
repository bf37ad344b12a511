"""Multidimensional scaling of samples (limma's plotMDS; Ritchie et al. 2015)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.ordination.principal_axes import principal_axes
from cohortmart.core.types import Floats

#: Features of a pair of samples, and of all samples, that count by default.
TOP_OF_PAIR, TOP_OF_ALL = 500, 1000
#: Values compared at once: 16 MB.
_VALUES = 2_000_000


@dataclass(frozen=True, eq=False)
class MostVariable:
    """The features that vary most between the samples, among those seen so far.

    Parameters
    ----------
    differences : ndarray of shape (n_features, n_samples)
        About the mean of each feature; the most variable first, equal ones as they came.
    squares : ndarray of shape (n_features,)
        Sum of squares of each, falling.
    top : int
        Largest number of features.
    """

    differences: Floats
    squares: Floats
    top: int = TOP_OF_ALL

    def with_block(self, differences: Floats) -> MostVariable:
        """Look at a further block of features, (n_features, n_samples), about their means."""
        squares = np.einsum("ij,ij->i", differences, differences)
        if len(self.squares) == self.top:
            better = squares > self.squares[-1]
            differences, squares = differences[better], squares[better]
        both = np.concatenate([self.squares, squares])
        first = np.argsort(-both, kind="stable")[: self.top]
        old = first < len(self.squares)
        rows = np.empty((len(first), self.differences.shape[1]))
        rows[old] = self.differences[first[old]]
        rows[~old] = differences[first[~old] - len(self.squares)]
        return MostVariable(rows, both[first], self.top)


def leading_differences(values: Floats, top: int = TOP_OF_PAIR) -> Floats:
    """Return the squared distance of every two samples: of the features that differ most in them.

    The distance is the root mean square of the `top` largest differences of the pair ("leading
    log2 fold change"); each pair has features of its own.

    Parameters
    ----------
    values : ndarray of shape (n_features, n_samples)
        Without missing values.
    top : int
        All features count where there are fewer.

    Returns
    -------
    ndarray of shape (n_samples, n_samples)
    """
    columns = np.ascontiguousarray(values.T)
    n_samples, n_features = columns.shape
    top = min(top, n_features)
    squared = np.zeros((n_samples, n_samples))
    if not top:
        return squared
    step = max(1, _VALUES // n_features)
    for i in range(n_samples - 1):
        for start in range(i + 1, n_samples, step):
            others = slice(start, min(start + step, n_samples))
            d = columns[others] - columns[i]
            np.multiply(d, d, out=d)
            d.partition(n_features - top, axis=1)
            largest = np.sort(d[:, n_features - top :], axis=1)  # sums in one order everywhere
            squared[i, others] = squared[others, i] = largest.mean(axis=1)
    return squared


def mds_pairwise(squared: Floats, most: int = 5) -> Floats:
    """Return coordinates whose distances are nearest to those given (classical scaling).

    Equal to limma's ``plotMDS(gene.selection = "pairwise")`` on `leading_differences`, but for
    the signs.

    Parameters
    ----------
    squared : ndarray of shape (n_samples, n_samples)
        Squared distances.
    most : int
        Largest number of dimensions, below the number of samples.

    Returns
    -------
    ndarray of shape (n_samples, n_dimensions)
        In units of the distances.
    """
    row = squared.mean(axis=0)
    inner = -0.5 * (squared - row[:, None] - row[None, :] + row.mean())
    return principal_axes(inner, min(most, len(squared) - 1)).coordinates


def mds_common(chosen: MostVariable, most: int = 5) -> Floats:
    """Return coordinates by the features that vary most between all samples.

    The distance of two samples is the root mean square of their differences in these features.
    Equal to limma's ``plotMDS(gene.selection = "common")``, but for the signs.

    Parameters
    ----------
    most : int
        Largest number of dimensions, below the number of samples.

    Returns
    -------
    ndarray of shape (n_samples, n_dimensions)
        In units of the values.
    """
    differences = chosen.differences
    inner = differences.T @ differences / max(len(differences), 1)
    return principal_axes(inner, min(most, len(inner) - 1)).coordinates
