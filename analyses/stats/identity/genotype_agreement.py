"""Genotype agreement: how far every two arrays have the same genotypes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.identity.genotype_mixture import GenotypeCalls
from cohortmart.core.types import Floats, Ints

#: As many arrays as these stand behind the frequencies that a SNP has before any is seen.
_PRIOR_ARRAYS = 4.0


@dataclass(frozen=True, eq=False)
class GenotypeAgreement:
    """Every two arrays compared; the matrices are symmetric.

    Parameters
    ----------
    share : ndarray of shape (n_arrays, n_arrays)
        Share of SNPs with the same genotype, weighted by not being an outlier; NaN without any.
    n_snps : ndarray of int of shape (n_arrays, n_arrays)
        SNPs that both arrays know.
    log_ratio : ndarray of shape (n_arrays, n_arrays)
        Natural logarithm of the likelihood ratio of one person to two who are not related.
    """

    share: Floats
    n_snps: Ints
    log_ratio: Floats


def agreement(calls: GenotypeCalls, frequencies: Floats) -> GenotypeAgreement:
    """Compare every two arrays.

    Parameters
    ----------
    calls : GenotypeCalls
        Of (n_snps, n_arrays); arrays of several platforms share the SNPs that both have.
    frequencies : ndarray of shape (3, n_snps)
        See `genotype_frequencies`.

    Returns
    -------
    GenotypeAgreement

    References
    ----------
    Heiss, J. A. and Just, A. C. (2019), Clinical Epigenetics 11:15 (doi
    10.1186/s13148-019-0615-3), for the share. The ratio is Bayes' rule: a SNP adds log of
    sum_g f_g P(a|g) P(b|g) / (sum_g f_g P(a|g) sum_g f_g P(b|g)).
    """
    known = np.isfinite(calls.outlier)
    weight = np.where(known, 1.0 - calls.outlier, 0.0)
    same = np.zeros((known.shape[1],) * 2)
    for genotype in calls.genotype:
        part = weight * np.where(known, genotype, 0.0)
        same += part.T @ part
    both = weight.T @ weight
    n_snps: Ints = known.T.astype(np.int64) @ known.astype(np.int64)
    relative = relative_density(calls, frequencies)
    log_ratio = np.zeros_like(same)
    for s in range(known.shape[0]):  # 59 or 65 SNPs; the memory of one is that of the result
        log_ratio += np.log((frequencies[:, s, None] * relative[:, s]).T @ relative[:, s])
    share = np.where(both > 0, same / np.where(both > 0, both, 1.0), np.nan)
    return GenotypeAgreement(share, n_snps, log_ratio)


def genotype_frequencies(calls: GenotypeCalls, weights: Floats) -> Floats:
    """Return how frequent each genotype of a SNP is.

    Parameters
    ----------
    calls : GenotypeCalls
    weights : ndarray of shape (n_arrays,)
        By which an array counts: one by the number of arrays that its person is said to have.

    Returns
    -------
    ndarray of shape (3, n_snps)
        With what all SNPs together say as prior, worth four arrays.
    """
    known = np.isfinite(calls.outlier)
    counted = np.where(known, calls.genotype * (1.0 - calls.outlier), 0.0) * weights
    of_snp = counted.sum(axis=2)
    overall = of_snp.sum(axis=1) + 1.0
    found = of_snp + _PRIOR_ARRAYS * (overall / overall.sum())[:, None]
    frequencies: Floats = found / found.sum(axis=0)
    return frequencies


def relative_density(calls: GenotypeCalls, frequencies: Floats) -> Floats:
    """Return the density under each genotype over that of the population; 1 where missing.

    Returns
    -------
    ndarray of shape (3, n_snps, n_arrays)
    """
    middle = (calls.density * frequencies[:, :, None]).sum(axis=0)
    known = np.isfinite(calls.outlier)
    return np.where(known, calls.density / np.where(known, middle, 1.0), 1.0)
