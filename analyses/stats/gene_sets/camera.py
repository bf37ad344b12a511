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
    n_genes = len(statistic)
    nothing = np.full(sets.n_sets, np.nan)
    if n_genes < 3:
        return Camera(nothing, nothing, nothing, float(n_genes - 2))
    centred = statistic - statistic.mean()
    size, df = sets.sizes.astype(float), float(n_genes - 2)
    rest = n_genes - size
    with np.errstate(divide="ignore", invalid="ignore"):
        # the set's mean is sum / m, that of the rest -sum / (G - m)
        difference = sets.sums(centred) * (1 / size + 1 / rest)
        within = centred @ centred - difference**2 * size * rest / n_genes
        inflation = 1 + (size - 1) * inter_gene_correlation
        t = difference / np.sqrt(within / df * (inflation / size + 1 / rest))
    t = np.where((size > 0) & (rest > 0), t, np.nan)
    return Camera(t, z_scores(t, df), t_two_sided(t, df), df)


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
