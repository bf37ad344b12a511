"""Camera's pre-ranked test whether a set's genes rank above, or below, the rest.

Competitive, and yet not fooled by genes of a set that rise and fall together (Wu & Smyth 2012,
doi 10.1093/nar/gks461; limma `cameraPR(use.ranks = FALSE)`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from analyses.stats.gene_sets.membership import Membership
from analyses.stats.numeric.tails import t_two_sided
from cohortmart.core.types import Floats

#: Below, a P value has lost digits, or is 0.
_SMALLEST_P = 1e-290
_TERMS = 25


@dataclass(frozen=True, eq=False)
class Camera:
    """One test a set; NaN where the set has no gene, or every gene.

    Parameters
    ----------
    t : ndarray of shape (n_sets,)
        Positive = the set's genes are higher than the others.
    z : ndarray of shape (n_sets,)
        The normal deviate with the same P value and the sign of t.
    p_value : ndarray of shape (n_sets,)
        Two-sided.
    df : float
        Degrees of freedom of t.
    """

    t: Floats
    z: Floats
    p_value: Floats
    df: float


def camera(statistic: Floats, sets: Membership, inter_gene_correlation: float = 0.01) -> Camera:
    """Compare the mean statistic of each set with that of all other genes.

    Parameters
    ----------
    statistic : ndarray of shape (n_genes,)
        About normal with the same variance for every gene: z scores, see `z_scores`.
    inter_gene_correlation : float
        Mean correlation rho between two genes of a set, in [0, 1).

    Notes
    -----
    With m genes in the set, G in all and d the difference of the means,
    t = d / (s sqrt((1 + (m - 1) rho) / m + 1 / (G - m))), s^2 = ((G - 1) var(statistic) -
    d^2 m (G - m) / G) / (G - 2) the variance within set and rest, on G - 2 degrees of freedom.
    """
    if len(statistic) < 3:
        nothing = np.full(sets.n_sets, np.nan)
        return Camera(nothing, nothing, nothing, float(len(statistic) - 2))
    centred = statistic - statistic.mean()
    t, z, p = camera_of_sums(
        len(statistic), float(centred @ centred), sets.sizes, sets.sums(centred),
        inter_gene_correlation,
    )  # fmt: skip
    return Camera(t, z, p, float(len(statistic) - 2))


def camera_of_sums(
    n_genes: ArrayLike,
    squares: ArrayLike,
    sizes: ArrayLike,
    sums: ArrayLike,
    inter_gene_correlation: float = 0.01,
) -> tuple[Floats, Floats, Floats]:
    """Return t, z and P of `camera` from sums that are known: the genes need not be there.

    Parameters
    ----------
    n_genes : array_like of int
        Genes in all; of fewer than 3 nothing is known.
    squares : array_like
        Sum of the squares of their statistics around the mean.
    sizes, sums : array_like
        Genes of a set, and the sum of their statistics around the mean of all. The four are
        broadcast against each other.
    inter_gene_correlation : float
        As of `camera`.
    """
    total, spread, size, sum_ = np.broadcast_arrays(
        *(np.asarray(v, float) for v in (n_genes, squares, sizes, sums))
    )
    df, rest = total - 2, total - size
    with np.errstate(divide="ignore", invalid="ignore"):
        # the set's mean is sum / m, that of the rest -sum / (G - m)
        difference = sum_ * (1 / size + 1 / rest)
        within = spread - difference**2 * size * rest / total
        inflation = 1 + (size - 1) * inter_gene_correlation
        t = difference / np.sqrt(within / df * (inflation / size + 1 / rest))
    t = np.where((size > 0) & (rest > 0) & (df > 0), t, np.nan)
    return t, z_scores(t, df), t_two_sided(t, df)


def z_scores(t: ArrayLike, df: ArrayLike) -> Floats:
    """Return the normal deviate that is as far out as t is.

    Parameters
    ----------
    t, df : array_like
        Student's t and its degrees of freedom (above 0, may be infinite); broadcast.

    Notes
    -----
    By the P value; where that is below the smallest numbers, by its logarithm.
    """
    t_, df_ = np.broadcast_arrays(np.asarray(t, float), np.asarray(df, float))
    p = t_two_sided(t_, df_)
    size = np.where(np.isinf(df_), np.abs(t_), 0.0)
    by_p = np.isfinite(df_) & (p > _SMALLEST_P)
    size[by_p] = -special.ndtri(p[by_p] / 2)
    tiny = np.isfinite(df_) & (p <= _SMALLEST_P)
    size[tiny] = -special.ndtri_exp(_log_p(np.abs(t_[tiny]), df_[tiny]) - np.log(2))
    return np.where(np.isnan(p), np.nan, np.copysign(size, t_))


def _log_p(size: Floats, df: Floats) -> Floats:
    """Return log P(|T| >= size) far out, where the series needs few of its terms."""
    # log of df / (df + t^2), also when t^2 is no number any more
    log_x = -np.logaddexp(0.0, 2 * np.log(size) - np.log(df))
    a, x = df / 2, np.exp(log_x)
    rising = x / -np.expm1(log_x)  # df / t^2
    series = np.ones_like(x)
    for n in range(_TERMS, -1, -1):
        series = 1 - series * rising * (n + 0.5) / (a + 1 + n)
    log_first = a * log_x - np.log(-np.expm1(log_x)) / 2 - np.log(a) - special.betaln(a, 0.5)
    return np.asarray(log_first + np.log(series))
