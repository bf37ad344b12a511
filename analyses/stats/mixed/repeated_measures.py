"""Repeated-measures correlation: how two quantities move together within each person.

Bland & Altman (1995, BMJ 310:446); Bakdash & Marusich (2017, Front Psychol 8:456).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analyses.stats.numeric.parallel import for_blocks
from analyses.stats.numeric.tails import t_two_sided
from cohortmart.core.types import Bools, Floats, Ints

_VALUES = 2**17  # values worked on at a time, so that temporaries stay in the cache
_ROUNDING = 4 * np.finfo(float).eps


@dataclass(frozen=True, eq=False)
class RepeatedMeasuresCorrelation:
    """Correlations within persons, one a pair of quantities.

    Parameters
    ----------
    r : ndarray of shape (n_pairs,)
        From -1 to 1; NaN where `df` is NaN, or where one of the two never moves within a person.
    df : ndarray of shape (n_pairs,)
        n_visits - n_subjects - 1; NaN where that is below 1.
    p_value : ndarray of shape (n_pairs,)
        Two-sided P value of r = 0; NaN where r is.
    n_visits : ndarray of int, shape (n_pairs,)
        With both values, of persons with at least two such visits.
    n_subjects : ndarray of int, shape (n_pairs,)
        Those persons.
    """

    r: Floats
    df: Floats
    p_value: Floats
    n_visits: Ints
    n_subjects: Ints


def repeated_measures_correlation(
    x: Floats, y: Floats, subjects: ArrayLike
) -> RepeatedMeasuresCorrelation:
    """Correlate two quantities within persons, every person with a level of their own.

    r is the correlation of both after each person's mean is taken off, which is the signed root
    of the share that y explains of x in an analysis of covariance with persons as factor and one
    slope for all. A person with one visit says nothing and is left out.

    Parameters
    ----------
    x, y : ndarray of shape (n_pairs, n_visits)
        NaN = missing.
    subjects : array_like of shape (n_visits,)
        Whose visit it is: numbers or names.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    whose = np.asarray(subjects)
    if x.ndim != 2 or x.shape != y.shape or whose.shape != x.shape[1:]:
        raise ValueError(
            f"x {x.shape}, y {y.shape} and subjects {whose.shape}: expected twice "
            "(n_pairs, n_visits), and (n_visits,)"
        )
    order = np.argsort(whose, kind="stable")
    _, starts, sizes = np.unique(whose[order], return_index=True, return_counts=True)
    n = len(x)
    out = RepeatedMeasuresCorrelation(
        *(np.full(n, np.nan) for _ in range(3)), *np.zeros((2, n), np.int64)
    )

    def work(start: int, stop: int) -> None:
        rows = slice(start, stop)
        _correlate(x[rows][:, order], y[rows][:, order], starts, sizes, out, rows)

    for_blocks(n, max(64, _VALUES // max(x.shape[1], 1)), work)
    return out


def _correlate(
    x: Floats, y: Floats, starts: Ints, sizes: Ints, out: RepeatedMeasuresCorrelation, rows: slice
) -> None:
    """Fill `rows` of `out`; the visits of a person stand side by side from `starts` on."""
    both = np.isfinite(x) & np.isfinite(y)
    n = np.add.reduceat(both, starts, axis=1, dtype=np.int64)
    n[n < 2] = 0
    both &= np.repeat(n > 0, sizes, axis=1)
    n_visits, n_subjects = n.sum(axis=1), (n > 0).sum(axis=1)
    free = (n_visits - n_subjects - 1).astype(float)
    df = np.where(free >= 1, free, np.nan)
    u, u_noise = _within(x, both, n, starts, sizes)
    v, v_noise = _within(y, both, n, starts, sizes)
    # u and v have length 1: |u + v|^2 = 2 (1 + r) and |u - v|^2 = 2 (1 - r), so that 1 - r^2
    # keeps its digits where r is nearly 1
    same, opposite = ((u + v) ** 2).sum(axis=1), ((u - v) ** 2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        is_line = np.sqrt(np.minimum(same, opposite)) <= u_noise + v_noise
        r = np.clip((same - opposite) / 4, -1.0, 1.0)
        r = np.where(is_line, np.sign(r), r)
        r[np.isnan(df)] = np.nan
        rest = np.where(is_line, 0.0, same * opposite / 4)
        t = r * np.sqrt(df / rest)
    out.r[rows], out.df[rows], out.p_value[rows] = r, df, t_two_sided(t, df)
    out.n_visits[rows], out.n_subjects[rows] = n_visits, n_subjects


def _within(
    values: Floats, counted: Bools, n: Ints, starts: Ints, sizes: Ints
) -> tuple[Floats, Floats]:
    """Take each person's mean off and scale to length 1.

    Returns
    -------
    tuple of ndarray of shape (n_pairs, n_visits) and ndarray of shape (n_pairs,)
        0 where a visit does not count, NaN in rows that never move; and the length of what is
        only rounding.
    """
    values = np.where(counted, values, 0.0)
    largest = np.abs(values).max(axis=1, initial=0.0)
    values /= np.where(largest > 0, largest, 1.0)[:, None]
    mean = np.add.reduceat(values, starts, axis=1) / np.maximum(n, 1)
    values = np.where(counted, values - np.repeat(mean, sizes, axis=1), 0.0)
    length = np.sqrt((values**2).sum(axis=1))
    rounding = _ROUNDING * np.sqrt(n.sum(axis=1))
    length[length <= rounding] = np.nan
    return values / length[:, None], rounding / length
