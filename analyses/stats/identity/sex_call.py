"""Sex: two X chromosomes or one and a Y, from what is measured of the genes and probes on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cohortmart.core.types import Floats

#: A sex is told where its posterior is at least this.
TOLD = 0.99
_ROUNDS = 50


@dataclass(frozen=True)
class SexMeasure:
    """A number that differs between the sexes, and where it lies in each.

    Parameters
    ----------
    name : str
        In the words of the tables: `X probes`.
    xx, xy : float
        Where it lies in each as far as is known before a study.
    reach : float
        Standard deviation of how far a study's own middle may lie from there.
    sd : float
        The least standard deviation within a sex.
    span : float
        Width of the range in which a number lies that fits neither.
    """

    name: str
    xx: float
    xy: float
    reach: float
    sd: float
    span: float


#: Share of the probes on X with a beta between 0.25 and 0.75: where one of two X is inactive, its
#: islands are methylated and the others' are not, so that the beta lies in the middle.
X_PROBES = SexMeasure("X probes", xx=0.60, xy=0.22, reach=0.08, sd=0.04, span=1.0)
#: The same share of the probes on Y, those without a beta among them: without a Y they are noise.
Y_PROBES = SexMeasure("Y probes", xx=0.70, xy=0.22, reach=0.08, sd=0.06, span=1.0)
#: log2 counts per million (and 0.25) of XIST, and of the genes of Y together. In real T cells XIST
#: is 9.5 to 11.6 in 84 samples of XX and -2.0 to -1.7 in 44 of XY, whose genes of Y are 9.7 to
#: 11.0; other tissues have less of both, hence the reach.
XIST = SexMeasure("XIST", xx=8.5, xy=-1.0, reach=2.0, sd=1.0, span=20.0)
Y_GENES = SexMeasure("Y genes", xx=-0.5, xy=8.5, reach=2.0, sd=1.0, span=20.0)

#: Betas between these lie in the middle.
MIDDLE = (0.25, 0.75)
#: Fewer probes than this on a chromosome tell nothing.
FEWEST_PROBES = 20
#: Genes on Y outside its shared ends that are expressed in most tissues, and XIST: symbol,
#: Ensembl, NCBI.
Y_GENE_NAMES = (
    ("RPS4Y1", "ENSG00000129824", "6192"),
    ("DDX3Y", "ENSG00000067048", "8653"),
    ("KDM5D", "ENSG00000012817", "8284"),
    ("UTY", "ENSG00000183878", "7404"),
    ("EIF1AY", "ENSG00000198692", "9086"),
    ("USP9Y", "ENSG00000114374", "8287"),
    ("ZFY", "ENSG00000067646", "7544"),
)
XIST_NAMES = ("XIST", "ENSG00000229807", "7503")

#: Share of samples that fit neither sex in a measure, before any is seen.
_NEITHER = 0.01
#: Middles that are nearer, in standard deviations within a sex, tell nothing: one normal cut into
#: halves has them 2.65 apart.
_APART = 3.5


@dataclass(frozen=True, eq=False)
class SexCall:
    """What the samples of an assay say of the sex.

    Parameters
    ----------
    xx : ndarray of shape (n_samples,)
        Posterior of two X chromosomes, both sexes being as likely before; NaN without a measure.
    log_likelihood : ndarray of shape (n_samples, 2)
        Natural logarithm of the density of all measures in each sex, XX first.
    odd : ndarray of bool of shape (n_samples,)
        Some measure says the one and another the other, or one fits neither.
    """

    xx: Floats
    log_likelihood: Floats
    odd: Floats


def call_sex(measures: Sequence[SexMeasure], values: Floats, noise: Floats) -> SexCall:
    """Return the posterior of two X chromosomes of every sample.

    Each measure has a normal distribution in each sex and a uniform part for what fits neither.
    The middles are learnt (expectation and maximisation) from where they are known to lie, with
    the prior N(known, reach^2); a sex that no sample has keeps its own. So a study of one sex can
    tell a sample of the other, and that none is. A measure whose middles are less than 3.5 standard
    deviations apart tells nothing.

    Parameters
    ----------
    measures : sequence of SexMeasure
    values : ndarray of shape (n_measures, n_samples)
        NaN where a sample lacks a measure.
    noise : ndarray of shape (n_measures,)
        Standard error of one number (few probes make a share uncertain).

    Returns
    -------
    SexCall
    """
    densities = np.stack(
        [_densities(m, x, e) for m, x, e in zip(measures, values, noise, strict=True)]
    )
    known = np.isfinite(values).any(axis=0)
    logs = np.log(densities).sum(axis=0)
    xx = 1.0 / (1.0 + np.exp(np.clip(logs[1] - logs[0], -700, 700)))
    leaning = np.log(densities[:, 0]) - np.log(densities[:, 1])
    sure = np.log(TOLD / (1.0 - TOLD)) / 2.0
    at_odds = (leaning > sure).any(axis=0) & (leaning < -sure).any(axis=0)
    fits_none = ((np.abs(leaning) < sure) & np.isfinite(values)).any(axis=0)
    return SexCall(np.where(known, xx, np.nan), logs.T, (at_odds | fits_none) & known)


def _densities(measure: SexMeasure, x: Floats, noise: float) -> Floats:
    """Return the densities of a measure in XX and XY, 1 where it is missing: (2, n_samples)."""
    known = np.isfinite(x)
    values = np.where(known, x, 0.0)
    prior = np.array([measure.xx, measure.xy])
    middles, least = prior.copy(), float(np.hypot(measure.sd, noise))
    sd = least
    side = np.sign(measure.xx - measure.xy)
    for _ in range(_ROUNDS):
        found = _mixed(values, middles, sd)
        weights = np.where(known, found / (found.sum(axis=0) + 2.0 * _NEITHER / measure.span), 0.0)
        n, total = weights.sum(axis=1), (weights * values).sum(axis=1)
        pull = sd**2 / measure.reach**2
        middles = (total + pull * prior) / (n + pull)
        squares = (weights * (values - middles[:, None]) ** 2).sum()
        sd = max(least, float(np.sqrt(squares / max(n.sum(), 1.0))))
    mixed = _mixed(values, middles, sd) + _NEITHER / measure.span
    is_apart = side * (middles[0] - middles[1]) >= _APART * sd
    return np.where(known & is_apart, mixed, 1.0)


def _mixed(values: Floats, middles: Floats, sd: float) -> Floats:
    z = (values - middles[:, None]) / sd
    density: Floats = (1.0 - _NEITHER) * np.exp(-0.5 * z**2) / (sd * np.sqrt(2.0 * np.pi))
    return density
