"""Chance: the regions that a contrast would have if nothing happened.

Candidate regions are chosen by the same P values that test them, so a region's own P says little.
How small the smallest P of all regions is when nothing happens is found from the residuals: a
random direction in their space, the same for all CpGs, has estimates as a contrast without effect
has them, with the very correlation of all CpGs (Langsrud 2005, doi 10.1007/s11222-005-4789-5).
What the direction takes is taken out of the residual variances and correlations. The same
directions serve every contrast of a model: where nothing happens they are all alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.numeric.parallel import for_blocks, rows_times
from analyses.stats.numeric.tails import t_quantile, t_two_sided
from analyses.stats.regions.correlation import NeighbourCorrelation
from analyses.stats.regions.neighbours import Neighbours, Runs, find_runs, sums_of
from analyses.stats.regions.regions import weighted_df
from analyses.stats.regions.residuals import Residuals
from cohortmart.core.types import Floats, Ints

_AT_ONCE = 16  # directions; bounds the memory
_MOST = 1.0 - 1e-12  # of a squared cosine


@dataclass(frozen=True)
class Chance:
    """Regions found in random directions.

    Parameters
    ----------
    smallest : ndarray of shape (n_directions,)
        The smallest P of each direction, ascending; 1 without a region.
    p_value : ndarray of shape (n_found,)
        Of all regions of all directions, ascending.
    """

    smallest: Floats
    p_value: Floats

    def family_wise(self, p_value: Floats) -> Floats:
        """Return how often the best region by chance has a P as small: adjusted P values.

        Notes
        -----
        (1 + directions as extreme) / (1 + directions).
        """
        n = len(self.smallest)
        return np.asarray((1 + np.searchsorted(self.smallest, p_value, "right")) / (n + 1))

    def threshold(self, level: float) -> float:
        """Return the P below which a family-wise adjusted P is at most `level`; 0 = none."""
        allowed = int(level * (len(self.smallest) + 1) + 1e-9)
        return float(self.smallest[allowed - 1]) if allowed > 0 else 0.0

    def expected(self, p_value: Floats) -> Floats:
        """Return how many regions of a contrast have a P as small by chance."""
        found = np.searchsorted(self.p_value, p_value, "right")
        return np.asarray((1 + found) / (len(self.smallest) + 1))

    def false_discovery_rate(self, p_value: Floats) -> Floats:
        """Return how many of a contrast's regions at least as extreme are so by chance.

        Parameters
        ----------
        p_value : ndarray of shape (n_regions,)
            Of all candidate regions of a contrast.

        Notes
        -----
        Expected by chance over found, made monotone from the largest P, at most 1.
        """
        order = np.argsort(-p_value, kind="stable")
        found = np.searchsorted(np.sort(p_value), p_value[order], "right")
        out = np.empty(len(p_value))
        out[order] = np.minimum.accumulate(self.expected(p_value[order]) / found)
        return np.minimum(out, 1.0)


@dataclass(frozen=True)
class _Null:
    """What a CpG's cosine with a direction says; arrays of shape (n,).

    Parameters
    ----------
    square, prior : ndarray
        Residual sum of squares, and df_prior s2_prior (s2_prior where df_prior is infinite).
    df : ndarray
        Of a moderated t in a direction: df_prior + residual ones - 1.
    stretch : ndarray
        Squared cosines times this are those in the CpG's own residual space.
    least : ndarray
        The cosine from which a CpG is a candidate.
    """

    square: Floats
    prior: Floats
    df: Floats
    stretch: Floats
    least: Floats


def chance_regions(
    found: Residuals,
    df_prior: Floats,
    s2_prior: Floats,
    correlation: NeighbourCorrelation,
    beside: Neighbours,
    threshold: float,
    n_directions: int,
    seed: int,
) -> Chance:
    """Find the candidate regions of random directions.

    Parameters
    ----------
    found : Residuals
        Along `beside`; all of them say something.
    df_prior, s2_prior : ndarray of shape (n,)
        Of the moderation of each CpG.
    correlation : NeighbourCorrelation
    beside : Neighbours
    threshold : float
        Two-sided P below which a CpG is a candidate.
    n_directions : int
    seed : int

    Raises
    ------
    ValueError
        Fewer than 2 residual degrees of freedom: there is one direction only.
    """
    m = found.unit.shape[1]
    if m < 2:
        raise ValueError("random directions need at least 2 residual degrees of freedom")
    null = _null(found, df_prior, s2_prior, threshold)
    draws = np.random.default_rng(seed).standard_normal((n_directions, m))
    draws /= np.linalg.norm(draws, axis=1, keepdims=True)
    least = null.least[:, None]
    pieces: dict[int, tuple[Ints, Floats]] = {}

    def work(start: int, stop: int) -> None:
        x = rows_times(found.unit, np.ascontiguousarray(draws[start:stop].T))
        both = []
        for side in (x > least, x < -least):
            runs = find_runs(side, beside)
            both.append((runs.column, _p_values(runs, x, null, correlation)))
        pieces[start] = (
            np.concatenate([column for column, _ in both]) + start,
            np.concatenate([p for _, p in both]),
        )

    for_blocks(n_directions, _AT_ONCE, work)
    column = np.concatenate([pieces[start][0] for start in sorted(pieces)])
    p_value = np.concatenate([pieces[start][1] for start in sorted(pieces)])
    smallest = np.ones(n_directions)
    np.minimum.at(smallest, column, p_value)
    return Chance(np.sort(smallest), np.sort(p_value))


def _null(found: Residuals, df_prior: Floats, s2_prior: Floats, threshold: float) -> _Null:
    """Turn the threshold of P into one of the cosine.

    Notes
    -----
    With S the residual sum of squares and c the cosine, t^2 = c^2 S / ((d0 s0 + S (1 - c^2)) / df),
    so that c^2 = t^2 (d0 s0 / S + 1) / (df + t^2); t^2 s0 / S where d0 is infinite.
    """
    known = np.isfinite(df_prior)
    prior = np.where(known, np.where(df_prior > 0, df_prior * s2_prior, 0.0), s2_prior)
    df = df_prior + found.df - 1.0
    usable = (df > 0) & np.isfinite(prior)
    t2 = np.full(len(df), np.nan)
    t2[usable] = t_quantile(threshold / 2, df[usable]) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        least = np.where(
            known, t2 * (prior / found.square + 1.0) / (df + t2), t2 * prior / found.square
        )
        stretch = found.unit.shape[1] / found.df
        least = np.where(usable & (least < 1.0), np.sqrt(least / stretch), np.inf)
    return _Null(found.square, prior, df, stretch, least)


def _p_values(runs: Runs, x: Floats, null: _Null, correlation: NeighbourCorrelation) -> Floats:
    """Test the regions of some directions as those of a contrast are."""
    members, ends = runs.members()
    along = x[members, np.repeat(runs.column, np.diff(ends))]
    cosine2 = np.minimum(along**2 * null.stretch[members], _MOST)
    square, df = null.square[members], null.df[members]
    known = np.isfinite(df)
    with np.errstate(invalid="ignore"):
        own = (null.prior[members] + square * (1.0 - cosine2)) / df
    variance = np.where(known, own, null.prior[members])
    precision = 1.0 / np.sqrt(variance)
    t = np.sqrt(cosine2 * square / variance)
    along = np.clip(along, -np.sqrt(_MOST), np.sqrt(_MOST))
    total = sums_of(precision * t, ends)
    statistic = total / np.sqrt(correlation.variance(members, ends, precision, along))
    return t_two_sided(statistic, weighted_df(df, precision, ends))
