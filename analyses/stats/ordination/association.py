"""Association of variables of the samples: analysis of variance, straight lines, tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from analyses.stats.numeric.tails import f_upper
from cohortmart.core.types import Floats, Ints

#: A residual sum of squares below this share of the whole is rounding.
_ROUNDING = 1e-26


@dataclass(frozen=True, eq=False)
class VariableFit:
    """Linear models of several responses on one variable.

    Parameters
    ----------
    df1, df2 : int
        Degrees of freedom of the variable and of the residuals.
    r_squared : ndarray of shape (n_responses,)
        Share of the variance, 0 to 1; NaN for a response that does not vary.
    f, p_value : ndarray of shape (n_responses,)
        F test of the variable.
    """

    df1: int
    df2: int
    r_squared: Floats
    f: Floats
    p_value: Floats


@dataclass(frozen=True)
class TableTest:
    """Two categories against each other.

    Parameters
    ----------
    strength : float
        Cramér's V: 0 = independent, 1 = one follows from the other.
    p_value : float
        Pearson's chi-square test, without a correction for continuity.
    """

    strength: float
    p_value: float


def fit_factor(responses: Floats, codes: Ints) -> VariableFit | None:
    """Compare the means of categories (one-way analysis of variance).

    Parameters
    ----------
    responses : ndarray of shape (n_samples, n_responses)
    codes : ndarray of shape (n_samples,)
        Category of each sample.

    Returns
    -------
    VariableFit or None
        None for a single category, and where every sample has its own.
    """
    levels, level = np.unique(codes, return_inverse=True)
    n, k = len(codes), len(levels)
    if k < 2 or n == k:
        return None
    member = np.zeros((n, k))
    member[np.arange(n), level] = 1.0
    means = (member.T @ responses) / member.sum(axis=0)[:, None]
    return _tested(responses, responses - means[level], k - 1, n - k)


def fit_line(responses: Floats, x: Floats) -> VariableFit | None:
    """Fit straight lines on a number.

    Parameters
    ----------
    responses : ndarray of shape (n_samples, n_responses)
    x : ndarray of shape (n_samples,)

    Returns
    -------
    VariableFit or None
        None for a number that does not vary, and for fewer than three samples.
    """
    if len(x) < 3 or np.ptp(x) == 0:
        return None
    about = x - x.mean()
    about /= np.abs(about).max()
    centred = responses - responses.mean(axis=0)
    slope = (about @ centred) / (about @ about)
    return _tested(responses, centred - np.outer(about, slope), 1, len(x) - 2)


def _tested(responses: Floats, residuals: Floats, df1: int, df2: int) -> VariableFit:
    """Test what a model explains of the responses."""
    total = ((responses - responses.mean(axis=0)) ** 2).sum(axis=0)
    total = np.where(total > _ROUNDING * (responses**2).sum(axis=0), total, np.nan)
    share = (residuals**2).sum(axis=0) / total
    share = np.where(share < _ROUNDING, 0.0, np.minimum(share, 1.0))
    with np.errstate(divide="ignore"):  # nothing is left: F is infinite
        f = (1.0 - share) / df1 / (share / df2)
    return VariableFit(df1, df2, 1.0 - share, f, f_upper(f, df1, df2))


def cross_table(first: Ints, second: Ints) -> TableTest | None:
    """Compare two categories.

    Parameters
    ----------
    first, second : ndarray of shape (n_samples,)
        Category of each sample.

    Returns
    -------
    TableTest or None
        None where one has a single category, or a category of its own for every sample.
    """
    (a_levels, a), (b_levels, b) = (np.unique(c, return_inverse=True) for c in (first, second))
    n, rows, columns = len(first), len(a_levels), len(b_levels)
    if min(rows, columns) < 2 or max(rows, columns) == n:
        return None
    counts = np.bincount(a * columns + b, minlength=rows * columns).reshape(rows, columns)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    return TableTest(
        strength=min(1.0, (chi_square / (n * (min(rows, columns) - 1))) ** 0.5),
        p_value=float(special.chdtrc((rows - 1) * (columns - 1), chi_square)),
    )
