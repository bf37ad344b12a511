"""Correlation of neighbouring CpGs: of their residuals, drawn towards what their distance says.

With few residual degrees of freedom a sample correlation is rough. Over the whole array, though,
it is known how much CpGs correlate at a distance. Each correlation is drawn towards that mean by
as much as its sampling error is of its spread around it (the best linear shrinkage: Efron &
Morris 1973, J Am Stat Assoc 68:117).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analyses.stats.regions.neighbours import Neighbours, pairs_of_runs, sums_of
from cohortmart.core.types import Floats, Ints

_LEAST = 1e-12  # part of a variance that is rounding
_LAGS = 5  # neighbours of a CpG that say how much those at a distance correlate
_BINS, _FEWEST = 20, 200  # bins of distance, and pairs in each at least


@dataclass(frozen=True)
class NeighbourCorrelation:
    """Correlation of the estimates of neighbouring CpGs.

    Parameters
    ----------
    unit : ndarray of shape (n, n_residual)
        Whitened residuals of length 1, along the genome.
    position : ndarray of shape (n,), int
    distance, mean : ndarray of shape (n_bins,)
        Mean correlation at a distance in bases; straight lines between.
    share : float
        How much a correlation is drawn towards the mean at its distance, 0 to 1.
    """

    unit: Floats
    position: Ints
    distance: Floats
    mean: Floats
    share: float

    def expected(self, first: Ints, second: Ints) -> Floats:
        """Return the mean correlation of CpGs as far apart as these."""
        apart = np.abs(self.position[second] - self.position[first])
        return np.asarray(np.interp(apart, self.distance, self.mean))

    def variance(
        self, members: Ints, ends: Ints, size: Floats, along: Floats | None = None
    ) -> Floats:
        """Return the variance of sums over runs of CpGs.

        Parameters
        ----------
        members : ndarray of shape (n_members,), int
            CpGs of all runs, one run after the other.
        ends : ndarray of shape (n_runs + 1,), int
            Where each run begins and ends in `members`.
        size : ndarray of shape (n_members,)
            Standard deviation of each term of the sum.
        along : ndarray of shape (n_members,), optional
            Cosine of each CpG's residuals with a direction that is taken out of them.

        Returns
        -------
        ndarray of shape (n_runs,)
            Sum over i and j of size_i size_j r_ij.
        """
        n = len(ends) - 1
        scaled = size if along is None else size / np.sqrt(1.0 - along**2)
        table = sparse.csr_matrix((scaled, members, ends), shape=(n, len(self.unit)))
        whole = table @ self.unit
        own = np.einsum("ij,ij->i", whole, whole)
        if along is not None:
            own -= sums_of(scaled * along, ends) ** 2
        by_distance = sums_of(size**2, ends)
        for first, second, run in pairs_of_runs(ends):
            both = size[first] * size[second]
            both *= 2.0 * self.expected(members[first], members[second])
            by_distance += np.bincount(run, weights=both, minlength=n)
        # of CpGs that all lie along what is taken out nothing but rounding is left
        own = np.maximum(own, _LEAST * by_distance)
        return np.asarray(self.share * by_distance + (1.0 - self.share) * own)


def neighbour_correlation(unit: Floats, beside: Neighbours) -> NeighbourCorrelation:
    """Learn how much neighbours correlate at a distance, and how far that tells of each pair.

    Parameters
    ----------
    unit : ndarray of shape (n, n_residual)
        Whitened residuals of length 1, along `beside`.
    beside : Neighbours
    """
    r, apart = _pairs(unit, beside)
    n_bins = int(np.clip(len(r) // _FEWEST, 1, _BINS))
    order = np.argsort(apart, kind="stable")
    parts = [p for p in np.array_split(order, n_bins) if len(p)]
    if not parts:
        return NeighbourCorrelation(unit, beside.position, np.zeros(1), np.zeros(1), 0.0)
    mean = np.array([r[p].mean() for p in parts])
    spread = float(np.mean(np.concatenate([(r[p] - mean[i]) ** 2 for i, p in enumerate(parts)])))
    # the sampling variance of a correlation of m coordinates without a mean: (1 - rho^2)^2 / m
    error = float(np.mean((1.0 - r**2) ** 2)) / max(unit.shape[1], 1)
    share = min(1.0, error / spread) if spread > 0 else 0.0
    distance = np.array([apart[p].mean() for p in parts])
    return NeighbourCorrelation(unit, beside.position, distance, np.maximum(mean, 0.0), share)


def _pairs(unit: Floats, beside: Neighbours) -> tuple[Floats, Floats]:
    """Correlations of CpGs with those up to some steps away, and how far apart they lie."""
    r, apart = [np.empty(0)], [np.empty(0)]
    together = np.ones(len(unit), bool)
    for lag in range(1, min(_LAGS, len(unit) - 1) + 1):
        together = together[: len(unit) - lag] & beside.linked[lag - 1 : len(unit) - 1]
        first = np.flatnonzero(together)
        r.append(np.einsum("ij,ij->i", unit[first], unit[first + lag]))
        apart.append((beside.position[first + lag] - beside.position[first]).astype(float))
    return np.concatenate(r), np.concatenate(apart)
