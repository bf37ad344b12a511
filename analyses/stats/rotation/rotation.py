"""Rotation test of the correlation of two contrasts.

Without effects the whitened coordinates of a feature, its residuals and the two contrasts, are
alike in every direction. One random rotation, the same for all features, so gives log fold changes
that could have been found as well, with the correlation between features left as it is (Langsrud
2005, Stat Comput 15:53, doi 10.1007/s11222-005-4789-5; Wu et al. 2010, doi
10.1093/bioinformatics/btq401). Pearson's correlation of rotated contrasts needs only sums over
features, so features come and go in blocks and rotations cost next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.rotation.feature_correlation import FeatureCorrelation
from analyses.stats.rotation.frames import frames_beside, random_frames
from analyses.stats.rotation.shared import SharedSums
from analyses.stats.rotation.space import distinct_pairs, rotation_space
from analyses.stats.rotation.weighted import WeightedSums
from cohortmart.core.types import Floats, Ints

#: Half the width of a 95 % interval, in standard deviations.
_NORMAL_975 = 1.959963984540054


@dataclass(frozen=True)
class CorrelationTest:
    """The correlation of pairs of contrasts beside what rotations make of it.

    Parameters
    ----------
    pairs : ndarray of shape (n_pairs, 2), int
        Numbers of the contrasts.
    r : ndarray of shape (n_pairs,)
        As given.
    r_low, r_high : ndarray of shape (n_pairs,)
        95 % interval of `r`, with the rotations' standard deviation on the scale of atanh.
    no_effect_low, no_effect_high : ndarray of shape (n_pairs,)
        95 % of the rotations lie between these.
    p_value : ndarray of shape (n_pairs,)
        Two-sided. Like the intervals NaN where the contrasts are the same, or opposite, but for a
        factor, and where fewer than three features could be rotated.
    n_features : int
        Features that were rotated.
    """

    pairs: Ints
    r: Floats
    r_low: Floats
    r_high: Floats
    no_effect_low: Floats
    no_effect_high: Floats
    p_value: Floats
    n_features: int
    n_rotations: int


class RotationSums:
    """Sums over features that all rotations of a design's contrasts need.

    Parameters
    ----------
    basis : DesignBasis
        Of the design matrix.
    contrasts : ndarray of shape (n_coefficients, n_contrasts)
    blocks, rho
        Samples of a block share this correlation; none means independent samples.
    pairs : ndarray of shape (n_pairs, 2), int, optional
        Numbers of the contrasts to be correlated; all pairs i < j without.

    Attributes
    ----------
    n_features, n_left_out : int
        Features added, and those left out since values are missing.

    Raises
    ------
    ValueError
        A contrast cannot be estimated, the correlation is impossible with these blocks, a pair
        names no contrast, or the design leaves no residual degrees of freedom.

    Notes
    -----
    Memory does not grow with the features. Without weights it is one table of n_samples^2 for all
    pairs; with weights each pair has its own, see `WeightedSums`.
    """

    def __init__(
        self,
        basis: DesignBasis,
        contrasts: Floats,
        blocks: Blocks | None = None,
        rho: float = 0.0,
        pairs: Ints | None = None,
    ) -> None:
        self._space = rotation_space(basis, contrasts, blocks, rho)
        k = contrasts.shape[1]
        if pairs is None:
            pairs = np.column_stack(np.triu_indices(k, 1))
        self.pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
        if ((self.pairs < 0) | (self.pairs >= k)).any():
            raise ValueError(f"pairs must name contrasts 0 to {k - 1}")
        if self._space.outside.shape[1] == 0:
            raise ValueError("without residual degrees of freedom nothing can be rotated")
        self.distinct = distinct_pairs(self._space, self.pairs)
        self.n_features, self.n_left_out = 0, 0
        self._sums: SharedSums | WeightedSums | None = None

    @property
    def n_coordinates(self) -> int:
        """Residual degrees of freedom and two contrasts."""
        return int(self._space.outside.shape[1]) + 2

    def add(self, y: Floats, weights: Floats | None = None) -> None:
        """Add a block of features.

        Parameters
        ----------
        y : ndarray of shape (n_features, n_samples)
            NaN = missing; a feature with a missing value is counted and left out.
        weights : ndarray of the same shape, optional
            Precision weights; for every block, or for none.

        Raises
        ------
        ValueError
            Some blocks have weights and some do not, or the samples are not those of the design.
        """
        if y.shape[1] != len(self._space.q):
            raise ValueError(f"{y.shape[1]} samples, where the design has {len(self._space.q)}")
        kind = SharedSums if weights is None else WeightedSums
        if self._sums is None:
            self._sums = kind(self._space, self.pairs[self.distinct])
        complete = np.isfinite(y).all(axis=1)
        if isinstance(self._sums, SharedSums) and weights is None:
            self._sums.add(y[complete])
        elif isinstance(self._sums, WeightedSums) and weights is not None:
            complete &= (np.isfinite(weights) & (weights > 0)).all(axis=1)
            self._sums.add(y[complete], weights[complete])
        else:
            raise ValueError("either all blocks of features have weights, or none")
        self.n_features += int(complete.sum())
        self.n_left_out += int((~complete).sum())

    def feature_correlation(self) -> FeatureCorrelation | None:
        """Return how much the features correlate with each other; see `FeatureSums`."""
        return None if self._sums is None else self._sums.features.correlation()

    def rotated(self, n_rotations: int, seed: int, *, second_stays: bool = False) -> Floats:
        """Correlations of the log fold changes after random rotations.

        Parameters
        ----------
        n_rotations, seed : int
        second_stays : bool
            What the second contrast of a pair has of its own is not rotated, so that it keeps its
            effects: as if nothing happened in the first alone. It still moves with the errors that
            it shares with the first.

        Returns
        -------
        ndarray of shape (n_rotations, n_pairs)
            NaN for contrasts that are proportional, and with fewer than three features.
        """
        out = np.full((n_rotations, len(self.pairs)), np.nan)
        if self._sums is None or self.n_features < 3 or not self.distinct.any():
            return out
        start = 0
        frames_of = frames_beside if second_stays else random_frames
        for frames in frames_of(n_rotations, self.n_coordinates, seed):
            stop = start + len(frames.first)
            r = self._sums.moments(frames).correlation(self.n_features)
            out[start:stop, self.distinct] = r
            start = stop
        return out


def rotation_test(
    sums: RotationSums, r_observed: Floats, n_rotations: int = 9999, *, seed: int
) -> CorrelationTest:
    """Compare observed correlations of contrasts with those after random rotations.

    Parameters
    ----------
    sums : RotationSums
        With all features added.
    r_observed : ndarray of shape (n_contrasts, n_contrasts)
        See `contrast_correlations`.
    n_rotations : int
        The smallest possible P is 2 / (n_rotations + 1).

    Notes
    -----
    P counts the observed arrangement among the rotations, so it is never 0 and valid for any
    number of them (Phipson & Smyth 2010, doi 10.2202/1544-6115.1585); twice the smaller tail.
    All pairs share the rotations.

    Raises
    ------
    ValueError
        Fewer than two rotations.
    """
    if n_rotations < 2:
        raise ValueError("at least two rotations are needed")
    i, j = sums.pairs.T
    r = np.asarray(r_observed[i, j], dtype=float)
    rotated = sums.rotated(n_rotations, seed)
    known = (np.abs(r) < 1.0) & (np.abs(rotated) < 1.0).all(axis=0)
    p, low, high, no_effect_low, no_effect_high = np.full((5, len(r)), np.nan)
    chosen, at = rotated[:, known], r[known]
    no_effect_low[known], no_effect_high[known] = np.quantile(chosen, [0.025, 0.975], axis=0)
    below, above = 1 + (chosen <= at).sum(axis=0), 1 + (chosen >= at).sum(axis=0)
    p[known] = np.minimum(1.0, 2.0 * np.minimum(below, above) / (n_rotations + 1))
    half = _NORMAL_975 * np.arctanh(chosen).std(axis=0, ddof=1)
    low[known], high[known] = np.tanh(np.arctanh(at) - half), np.tanh(np.arctanh(at) + half)
    return CorrelationTest(
        pairs=sums.pairs,
        r=r,
        r_low=low,
        r_high=high,
        no_effect_low=no_effect_low,
        no_effect_high=no_effect_high,
        p_value=p,
        n_features=sums.n_features,
        n_rotations=n_rotations,
    )
