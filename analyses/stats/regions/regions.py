"""Regions of a contrast: neighbouring CpGs that change the same way, tested as one.

A region's estimate is the mean of its CpGs' estimates weighted by their inverse variances, its
variance that of the mean with the covariance of the estimates (Suderman et al. 2018, bioRxiv
508556; there with the correlation of the betas, here of the whitened residuals).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.numeric.tails import t_quantile, t_two_sided
from analyses.stats.regions.correlation import NeighbourCorrelation
from analyses.stats.regions.neighbours import Neighbours, Runs, find_runs, sums_of
from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True)
class Regions:
    """Candidate regions of a contrast, along the genome; arrays of shape (n_regions,).

    Parameters
    ----------
    members : ndarray of shape (n_members,), int
        CpGs of all regions, one region after the other.
    ends : ndarray of shape (n_regions + 1,), int
        Where each region begins and ends in `members`.
    estimate, se : ndarray
        In the units of the CpGs' estimates.
    statistic, df, p_value : ndarray
        Moderated t, its degrees of freedom, and the two-sided P of a region that is not chosen.
    """

    members: Ints
    ends: Ints
    estimate: Floats
    se: Floats
    statistic: Floats
    df: Floats
    p_value: Floats


def candidate_regions(
    estimate: Floats,
    se: Floats,
    df: Floats,
    correlation: NeighbourCorrelation,
    beside: Neighbours,
    threshold: float,
) -> Regions:
    """Find runs of CpGs that change the same way, and test each.

    Parameters
    ----------
    estimate, se, df : ndarray of shape (n,)
        Moderated, of one contrast, along `beside`; NaN = not tested.
    correlation : NeighbourCorrelation
    beside : Neighbours
    threshold : float
        Two-sided P below which a CpG is a candidate.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        t = estimate / se
    tested = np.isfinite(t) & (se > 0)
    far = np.zeros(len(t), bool)
    far[tested] = np.abs(t[tested]) > t_quantile(threshold / 2, df[tested])
    runs = find_runs(np.column_stack([far & (t > 0), far & (t < 0)]), beside)
    order = np.argsort(runs.start, kind="stable")
    runs = Runs(*(values[order] for values in (runs.column, runs.start, runs.stop)))
    return regions_of_runs(runs, estimate, se, df, correlation)


def regions_of_runs(
    runs: Runs, estimate: Floats, se: Floats, df: Floats, correlation: NeighbourCorrelation
) -> Regions:
    """Test given regions; parameters as of `candidate_regions`."""
    members, ends = runs.members()
    precision = 1.0 / se[members]
    weight = sums_of(precision**2, ends)
    mean = sums_of(precision**2 * estimate[members], ends) / weight
    error = np.sqrt(correlation.variance(members, ends, precision)) / weight
    of_df = weighted_df(df[members], precision, ends)
    return Regions(
        members, ends, mean, error, mean / error, of_df, t_two_sided(mean / error, of_df)
    )


def weighted_df(df: Floats, precision: Floats, ends: Ints) -> Floats:
    """Return degrees of freedom of regions: those of their CpGs, weighted as the estimates."""
    with np.errstate(invalid="ignore"):
        known = np.where(np.isfinite(df), df, 0.0)
        mean = sums_of(precision**2 * known, ends) / sums_of(precision**2, ends)
    infinite = sums_of((~np.isfinite(df)).astype(float), ends) > 0
    return np.asarray(np.where(infinite, np.inf, mean))
