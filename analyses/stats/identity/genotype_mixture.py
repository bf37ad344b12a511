"""Genotypes: what the betas of the rs probes of an array say, as three groups and outliers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betaln

from cohortmart.core.types import Floats

#: Parameters that are published for arrays of blood (ewastools); they hold where there are too
#: few betas to learn from.
_SHARES = (0.2818387, 0.4330363, 0.2851250)
_FIRST = (2.206479, 80.830012, 40.640821)
_SECOND = (38.043029, 84.411900, 3.315509)
_OUTLIERS = 0.06646095
#: Where learning starts.
_START_FIRST, _START_SECOND, _START_OUTLIERS = (10.0, 80.0, 80.0), (80.0, 80.0, 10.0), 0.01
#: Fewer betas than this are read by the published parameters: four arrays of 65 SNPs are enough.
FEWEST_TO_LEARN = 250
#: A group that holds less than this is not learnt.
_SMALLEST_SHARE = 0.02
_MOST_ROUNDS = 200
_STEP = 1e-6
#: An array with a higher score is contaminated or failed, as published; that bound belongs to
#: arrays of which some betas are outliers, so that no fewer are taken for it.
CONTAMINATED = -4.0
_FEWEST_OUTLIERS = 0.02
#: Betas are kept off 0 and 1, where a density has no end.
_EDGE = 1e-3


@dataclass(frozen=True)
class GenotypeMixture:
    """Three beta distributions (AA, AB, BB) and a uniform part of outliers.

    Parameters
    ----------
    shares : tuple of float
        Of the three genotypes among the betas that are no outliers.
    first, second : tuple of float
        Shapes of the three beta distributions.
    outliers : float
        Share of betas that fit none.
    """

    shares: tuple[float, ...] = _SHARES
    first: tuple[float, ...] = _FIRST
    second: tuple[float, ...] = _SECOND
    outliers: float = _OUTLIERS


@dataclass(frozen=True, eq=False)
class GenotypeCalls:
    """What the betas say; NaN where a beta is missing.

    Parameters
    ----------
    genotype : ndarray of shape (3, n_snps, n_arrays)
        Posterior of AA, AB and BB, given that it is no outlier.
    outlier : ndarray of shape (n_snps, n_arrays)
        Posterior of being an outlier.
    density : ndarray of shape (3, n_snps, n_arrays)
        Density of the beta under each genotype, outliers included.
    """

    genotype: Floats
    outlier: Floats
    density: Floats


def fit_genotypes(betas: Floats) -> GenotypeMixture:
    """Learn the mixture from all betas of a platform by expectation and maximisation.

    Shapes come from the weighted mean and variance of each group, as published. The groups keep
    their order; too few betas, or a group that is as good as empty, leave the published ones.

    Parameters
    ----------
    betas : ndarray of shape (n_snps, n_arrays)
        NaN where missing.

    Returns
    -------
    GenotypeMixture

    References
    ----------
    Heiss, J. A. and Just, A. C. (2018), Clinical Epigenetics 10:73 (doi
    10.1186/s13148-018-0504-1).
    """
    x = _known(betas[np.isfinite(betas)])
    if x.size < FEWEST_TO_LEARN:
        return GenotypeMixture()
    now = GenotypeMixture((1 / 3,) * 3, _START_FIRST, _START_SECOND, _START_OUTLIERS)
    before = -np.inf
    for _ in range(_MOST_ROUNDS):
        parts = _parts(x, now)
        regular, flat = parts.sum(axis=0), now.outliers
        likelihood = float(np.log(regular + flat).mean())
        now = _learnt(x, parts / (regular + flat), flat / (regular + flat))
        if likelihood - before < _STEP:
            break
        before = likelihood
    middles = [a / (a + b) for a, b in zip(now.first, now.second, strict=True)]
    in_order = middles[0] < 1 / 3 < middles[1] < 2 / 3 < middles[2]
    return now if in_order and min(now.shares) > _SMALLEST_SHARE else GenotypeMixture()


def fit_clean_genotypes(betas: Floats) -> tuple[GenotypeMixture, bool]:
    """Learn the mixture from the arrays that are not contaminated.

    Betas between the groups widen the part of outliers, by which every array is judged: one
    contaminated array among twelve brings clean ones above the bound. So the array with the
    highest score is left out while it is above, and the mixture learnt anew, of half the arrays
    at least.

    Parameters
    ----------
    betas : ndarray of shape (n_snps, n_arrays)
        NaN where missing.

    Returns
    -------
    GenotypeMixture
    bool
        Whether the arrays that it was learnt from are all below the bound. If not, or if there
        were too few to learn, the scores say nothing: raw betas of clean arrays can lie far from
        the published places.
    """
    mixture = fit_genotypes(betas)
    kept, now = np.ones(betas.shape[1], dtype=np.bool_), mixture
    while now != GenotypeMixture():
        now = replace(now, outliers=max(now.outliers, _FEWEST_OUTLIERS))
        score = np.where(kept, contamination_score(call_genotypes(betas, now)), np.nan)
        worst = int(np.argmax(np.nan_to_num(score, nan=-np.inf)))
        if not score[worst] > CONTAMINATED:
            return now, True
        kept[worst] = False
        if 2 * kept.sum() < len(kept):
            break
        now = fit_genotypes(betas[:, kept])
    return mixture, False


def call_genotypes(betas: Floats, mixture: GenotypeMixture) -> GenotypeCalls:
    """Return what each beta says of the genotype, and whether it fits none.

    Parameters
    ----------
    betas : ndarray of shape (n_snps, n_arrays)
        NaN where missing.
    mixture : GenotypeMixture

    Returns
    -------
    GenotypeCalls

    References
    ----------
    Heiss and Just (2018), see `fit_genotypes`.
    """
    x = _known(betas)
    parts = _parts(x, mixture)
    regular = parts.sum(axis=0)
    shares = np.asarray(mixture.shares).reshape(3, *[1] * x.ndim)
    return GenotypeCalls(
        genotype=parts / regular,
        outlier=mixture.outliers / (mixture.outliers + regular),
        density=parts / shares + mixture.outliers,
    )


def contamination_score(calls: GenotypeCalls) -> Floats:
    """Return the mean over SNPs of log2 odds of being an outlier, NaN without any.

    Blood of two people lies between the groups, and so does what failed. Above -4 an array is
    contaminated or failed, as published.

    Parameters
    ----------
    calls : GenotypeCalls

    Returns
    -------
    ndarray of shape (n_arrays,)

    References
    ----------
    Heiss, J. A. and Just, A. C. (2018), see `fit_genotypes`.
    """
    odds = np.log2(calls.outlier) - np.log2(1.0 - calls.outlier)
    known = np.isfinite(odds)
    n = known.sum(axis=0)
    total = np.where(known, odds, 0.0).sum(axis=0)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def _known(betas: Floats) -> Floats:
    kept: Floats = np.clip(betas, _EDGE, 1.0 - _EDGE)
    return kept


def _parts(x: Floats, mixture: GenotypeMixture) -> Floats:
    """Return the weighted densities of the three groups; the rest is `outliers`, of density 1."""
    shape = (3, *[1] * x.ndim)
    a, b, share = (
        np.asarray(v).reshape(shape) for v in (mixture.first, mixture.second, mixture.shares)
    )
    logs = (a - 1.0) * np.log(x) + (b - 1.0) * np.log1p(-x) - betaln(a, b)
    # no density is nothing: the shares of a beta far from all would be none
    parts: Floats = np.maximum(np.exp(logs), 1e-250) * share * (1.0 - mixture.outliers)
    return parts


def _learnt(x: Floats, weights: Floats, outlier: Floats) -> GenotypeMixture:
    """Return the mixture by the weighted mean and variance of each group."""
    n = weights.sum(axis=1)
    mean = (weights * x).sum(axis=1) / n
    variance = (weights * x**2).sum(axis=1) / n - mean**2
    size = np.maximum(mean * (1.0 - mean) / np.maximum(variance, 1e-9) - 1.0, 1e-3)
    return GenotypeMixture(
        tuple((n / n.sum()).tolist()),
        tuple((mean * size).tolist()),
        tuple(((1.0 - mean) * size).tolist()),
        float(outlier.mean()),
    )
