"""Two published ways of finding regions, written from their papers for comparison.

`dmrff`: Suderman et al. 2018 (bioRxiv 508556), with the two cautions its program 1.0.0 takes:
0.05 on the diagonal of the correlation, and the more conservative of the combinations with and
without it. `comb_p`: Pedersen et al. 2012 (Bioinformatics 28:2986), as its program 0.50.4 runs
`pipeline`: autocorrelation by distance, Stouffer-Liptak-Kechris, peaks of the adjusted P values,
the same for whole regions, Sidak by their length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, spearmanr

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GAP = 500  # bases, of both
_WEAK = 0.04  # an autocorrelation at which comb-p looks no farther


@dataclass(frozen=True, eq=False)
class Found:
    """Regions; arrays of shape (n_regions,).

    Parameters
    ----------
    first, stop : ndarray
        Rows of the CpGs, `stop` beyond the last.
    p_adjusted : ndarray
        Family-wise over the genome.
    """

    first: Ints
    stop: Ints
    p_adjusted: Floats

    def below(self, alpha: float, smallest: int) -> Found:
        """Return those below `alpha` that have so many CpGs."""
        keep = (self.p_adjusted < alpha) & (self.stop - self.first >= smallest)
        return Found(self.first[keep], self.stop[keep], self.p_adjusted[keep])


def _runs(chosen: Ints, breaks: NDArray[np.bool_]) -> list[Ints]:
    """Part chosen rows where `breaks` says so between two of them."""
    return np.split(chosen, np.flatnonzero(breaks) + 1) if len(chosen) else []


# ---------------------------------------------------------------- dmrff


def dmrff(
    estimate: Floats, se: Floats, p: Floats, values: Floats, chromosome: Ints, position: Ints
) -> Found:
    """Find regions by inverse-variance weighting of correlated CpGs.

    Parameters
    ----------
    estimate, se, p : ndarray of shape (n_probes,)
        Of one contrast.
    values : ndarray of shape (n_probes, n_samples)
        The betas or M-values themselves: their correlation is taken.
    chromosome, position : ndarray of shape (n_probes,)
        Ascending.
    """
    nominal = np.flatnonzero(p < 0.05)
    sign = np.sign(estimate[nominal])
    breaks = (
        (np.diff(position[nominal]) > GAP)
        | (np.diff(chromosome[nominal]) != 0)
        | (np.diff(sign) != 0)
    )
    n_tests, best = len(p), []
    for run in _runs(nominal, breaks):
        first, stop = int(run[0]), int(run[-1]) + 1
        if stop - first < 2:
            continue
        z, tested = _subregions(estimate[first:stop], se[first:stop], values[first:stop])
        n_tests += tested
        best += [(first + a, first + b, value) for a, b, value in _apart(z)]
    if not best:
        return Found(np.empty(0, int), np.empty(0, int), np.empty(0))
    begins, ends, zs = (np.array(column) for column in zip(*best, strict=True))
    return Found(begins, ends, np.minimum(2 * norm.sf(zs) * n_tests, 1.0))


def _subregions(
    estimate: Floats, se: Floats, values: Floats
) -> tuple[dict[tuple[int, int], float], int]:
    """Return |z| of every run of CpGs within a candidate, and how many runs there are."""
    k = len(estimate)
    z: dict[tuple[int, int], float] = {}
    rho = np.corrcoef(values) + 0.05 * np.eye(k)
    for a in range(k):
        for b in range(a + 2, k + 1):
            here = slice(a, b)
            alone = _combined(estimate[here], se[here], np.eye(b - a) * 1.05)
            z[a, b] = min(alone, _combined(estimate[here], se[here], rho[here, here]))
    return z, len(z)


def _combined(estimate: Floats, se: Floats, rho: Floats) -> float:
    """Return |B / S| of the generalised inverse-variance weighting (Burgess et al. 2016)."""
    inverse = np.linalg.inv(np.outer(se, se) * rho)
    return float(abs((inverse @ estimate).sum()) / np.sqrt(inverse.sum()))


def _apart(z: dict[tuple[int, int], float]) -> list[tuple[int, int, float]]:
    """Take the strongest run, then the strongest of those that do not touch it, and so on."""
    taken: list[tuple[int, int, float]] = []
    for (a, b), value in sorted(z.items(), key=lambda item: -item[1]):
        if all(b <= start or a >= stop for start, stop, _ in taken):
            taken.append((a, b, value))
    return taken


# ---------------------------------------------------------------- comb-p


def comb_p(p: Floats, chromosome: Ints, position: Ints, seed: float = 0.05) -> Found:
    """Find regions by autocorrelation of P values.

    Parameters
    ----------
    p : ndarray of shape (n_probes,)
        Two-sided.
    chromosome, position : ndarray of shape (n_probes,)
        Ascending.
    seed : float
        Adjusted P value that a CpG of a region has after it borrowed from its neighbours.
    """
    z = norm.isf(np.minimum(p, 1 - 9e-16))
    window = int(round(GAP / 3, -1))
    same = np.diff(chromosome) == 0
    step = min(window, int(round(float(np.median(np.diff(position)[same])) + 5, -1)))
    lags = _lags(window, step)
    near = _Autocorrelation(p, chromosome, position, lags)
    borrowed = _borrowed(z, chromosome, position, near.until_weak())
    chosen = np.flatnonzero(_adjusted(borrowed) <= seed)
    breaks = (np.diff(position[chosen]) - 1 > GAP) | (np.diff(chromosome[chosen]) != 0)
    runs = [(int(run[0]), int(run[-1]) + 1) for run in _runs(chosen, breaks)]
    if not runs:
        return Found(np.empty(0, int), np.empty(0, int), np.empty(0))
    longest = max(position[b - 1] + 1 - position[a] for a, b in runs)
    far = _Autocorrelation(p, chromosome, position, _lags(longest, step))
    p_adjusted = [_region_p(z[a:b], position[a:b], far, len(p)) for a, b in runs]
    begins, ends = np.array(runs).T
    return Found(begins, ends, np.array(p_adjusted))


def _lags(window: int, step: int) -> Ints:
    lags = list(range(1, window, step)) or [window]
    return np.array([*lags, lags[-1] + step])


class _Autocorrelation:
    """Spearman correlation of the P values of two CpGs by their distance."""

    def __init__(self, p: Floats, chromosome: Ints, position: Ints, lags: Ints) -> None:
        self.lags = lags
        x, y, distance = _pairs(p, chromosome, position, int(lags[-1]))
        which = np.searchsorted(lags, distance, side="right") - 1
        bins = [(x[which == i], y[which == i]) for i in range(len(lags) - 1)]
        self.correlation = [
            float(spearmanr(a, b).statistic) if len(a) > 2 else 0.0 for a, b in bins
        ]

    def until_weak(self) -> _Autocorrelation:
        """Keep the lags before the first that is weak, and that one if it is among the first."""
        weak = next((i for i, c in enumerate(self.correlation) if c < _WEAK), None)
        kept = len(self.correlation) if weak is None else weak if weak > 2 else weak + 1
        shorter = object.__new__(_Autocorrelation)
        shorter.lags = self.lags[: kept + 1]
        shorter.correlation = self.correlation[:kept]
        return shorter

    def at(self, distance: Ints) -> Floats:
        """Return the correlation at distances: of the first lag where nearer, else 0."""
        which = np.searchsorted(self.lags, distance, side="left") - 1
        known = np.append(self.correlation, 0.0)
        return np.where(distance <= 0, known[0], known[np.clip(which, 0, len(known) - 1)])


def _pairs(p: Floats, chromosome: Ints, position: Ints, farthest: int) -> tuple[Floats, ...]:
    """Return the values and distances of all pairs at most so far apart."""
    x, y, far = [], [], []
    for offset in range(1, len(p)):
        distance = position[offset:] - position[:-offset] - 1
        near = (chromosome[offset:] == chromosome[:-offset]) & (distance < farthest)
        if not near.any():
            break
        near &= distance >= 1
        x.append(p[:-offset][near])
        y.append(p[offset:][near])
        far.append(distance[near])
    return np.concatenate(x), np.concatenate(y), np.concatenate(far)


def _borrowed(z: Floats, chromosome: Ints, position: Ints, near: _Autocorrelation) -> Floats:
    """Return the P value of each CpG combined with those around it."""
    n, farthest = len(z), int(near.lags[-1])
    along = position + chromosome * 10**10
    low = np.searchsorted(along, along - 1 - farthest, side="left")
    high = np.searchsorted(along, along + 1 + farthest, side="left")
    width = high - low
    sums = np.append(0.0, np.cumsum(z))
    total = sums[high] - sums[low]
    pairs = np.zeros(n)
    for offset in range(1, int(width.max())):
        correlation = near.at(along[offset:] - along[:-offset] - 1)
        cumulated = np.append(0.0, np.cumsum(correlation))
        last = np.maximum(high - offset, low)
        pairs += (
            cumulated[np.minimum(last, len(correlation))]
            - cumulated[np.minimum(low, len(correlation))]
        )
    return np.asarray(norm.sf(total / np.sqrt(width + 2 * pairs)))


def _adjusted(p: Floats) -> Floats:
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    out = np.empty(len(p))
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return out


def _region_p(z: Floats, position: Ints, far: _Autocorrelation, coverage: int) -> float:
    """Return the P value of a region, Sidak's over as many as would cover the array."""
    apart = np.abs(position[:, None] - position[None, :]) - 1
    correlation = np.tril(far.at(apart), -1).sum()
    p = float(norm.sf(z.sum() / np.sqrt(len(z) + 2 * correlation)))
    k = coverage / float(position[-1] + 1 - position[0])
    if k < 1:
        k = float(coverage)
    return float(-np.expm1(k * np.log1p(-min(p, 1 - 1e-16))))
