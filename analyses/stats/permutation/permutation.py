"""Permutation check of a contrast: the visits of each person in other orders.

The permutations of `permutation_space` keep every person's level, and as they are the same for all
features they keep the correlation between features. So they say how many features would be found
where nothing happens, without trust in the correlation within people that the model assumes, in
normal values or in independent features.

Where it is exact and where it is not. Errors with one correlation within each person (whatever it
is) can come in any order of the visits. Residuals can only if the model without the contrast is
the same for all visits that change places; otherwise they can nearly: every permuted statistic has
the right distribution by itself, but not quite together with the others. In simulations that
cannot be told from 5 %, see docs/statistics.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyses.stats.linear.basis import DesignBasis, is_rounding
from analyses.stats.linear.common_weights import common_row, scaled_basis
from analyses.stats.mixed.blocks import Blocks
from analyses.stats.numeric.parallel import for_blocks
from analyses.stats.permutation.orders import VisitOrders, visit_orders
from analyses.stats.permutation.space import (
    PermutationSpace,
    permutation_space,
    testable_within,
    varying_blocks,
)
from analyses.stats.permutation.squares import (
    Squares,
    shared_features,
    weighted_features,
    without_model,
)
from analyses.stats.permutation.tally import Tally, moments_of_t
from cohortmart.core.types import Floats, Ints

_PIECE, _WEIGHTED_PIECE = 16384, 2048  # features at a time; bounds the memory
_ROWS, _WEIGHTED_ROWS = 256, 16  # features a block of work


@dataclass(frozen=True)
class PermutationCheck:
    """What permuted visits say of all features of a contrast together.

    Parameters
    ----------
    n_features, n_left_out : int
        Features that were permuted, and those with missing values.
    n_permutations : int
        Besides the visits as they are.
    enumerated : bool
        Whether these are all.
    n_found : int
        Features with P < 0.05 by the moderated t.
    n_expected, n_low, n_high : float
        Mean over the permutations of the number found, and what 95 % of them lie between.
    p_value : float
        Share of permutations, the visits as they are among them, that find at least `n_found`.
    between_share : float
        Share of the estimate's variance from differences between people, which permutations leave
        as it is: 0 with balanced visits. A part of an effect that stands in it is not seen, so the
        check errs on the safe side.
    """

    n_features: int
    n_left_out: int
    n_permutations: int
    enumerated: bool
    n_found: int
    n_expected: float
    n_low: float
    n_high: float
    p_value: float
    between_share: float


@dataclass(frozen=True)
class PermutationP:
    """P values of features; arrays of shape (n_features,), NaN where values are missing.

    Parameters
    ----------
    own
        Of |t| among the permutations of the feature itself.
    pooled
        Among the permutations of all features: finer, but one distribution for all.
    family_wise
        Among the largest |t| of each permutation: chance that any feature reaches it (Westfall &
        Young 1993, single step).
    """

    own: Floats
    pooled: Floats
    family_wise: Floats


class PermutationSums:
    """One contrast and its permutations; features come in blocks.

    Parameters
    ----------
    basis : DesignBasis
        Of the design matrix.
    contrast : ndarray of shape (n_coefficients,)
    permuted : Blocks
        Samples that may change places: the visits of a person.
    blocks, rho
        Samples of a block share this correlation; none means independent samples, as when the
        design has the people in it.
    n_permutations : int
        All orders instead if there are no more than these besides the given one.
    seed : int
        The same for all contrasts and features of a study.

    Raises
    ------
    ValueError
        The contrast cannot be estimated, or is one between blocks; no block has two samples; the
        correlation is impossible; or the design leaves no residual degrees of freedom.

    Notes
    -----
    Memory grows with the features by two numbers each, not with the permutations.
    """

    def __init__(
        self,
        basis: DesignBasis,
        contrast: Floats,
        permuted: Blocks,
        blocks: Blocks | None = None,
        rho: float = 0.0,
        *,
        n_permutations: int = 1000,
        seed: int,
    ) -> None:
        if not testable_within(basis, contrast[:, None], permuted)[0]:
            raise ValueError("a contrast between blocks cannot be tested by permuting within them")
        self._model = basis, contrast, permuted, blocks, rho
        self._space = permutation_space(*self._model)
        self._scaled: tuple[bytes, PermutationSpace] | None = None
        movable = varying_blocks(self._space.direction, permuted)
        self.orders: VisitOrders = visit_orders(permuted.codes, movable, n_permutations, seed)
        self._df = float(len(basis.q) - basis.rank)
        self._tally = Tally(self.orders.n)
        self._t2: list[Floats] = []
        self._reached: list[NDArray[np.int32]] = []
        self._n_found = 0

    def add(
        self,
        y: Floats,
        s2_prior: Floats,
        df_prior: Floats,
        df_total: Floats,
        weights: Floats | None = None,
    ) -> None:
        """Add a block of features.

        Parameters
        ----------
        y : ndarray of shape (n_features, n_samples)
            NaN = missing; a feature with a missing value is counted and left out.
        s2_prior, df_prior, df_total : ndarray of shape (n_features,)
            Prior of the features' variances and degrees of freedom of t, of the analysis.
        weights : ndarray of shape (n_features, n_samples), optional
            Precision weights, positive. Those that `numpy.broadcast_to` made from one row are as
            fast as none.

        Raises
        ------
        ValueError
            The samples are not those of the design.
        """
        if y.shape[1] != len(self._space.q):
            raise ValueError(f"{y.shape[1]} samples, where the design has {len(self._space.q)}")
        row = common_row(weights)
        own = weights if row is None else None
        space = self._space if row is None else self._scaled_space(row)
        size = _PIECE if own is None else _WEIGHTED_PIECE
        for start in range(0, len(y), size):
            rows = slice(start, start + size)
            complete = np.isfinite(y[rows]).all(axis=1) & np.isfinite(df_total[rows])
            if own is not None:
                complete &= (np.isfinite(own[rows]) & (own[rows] > 0)).all(axis=1)
            values, w = y[rows][complete], None if own is None else own[rows][complete]
            rest = without_model(values, self._space)
            flat = is_rounding((rest**2).sum(axis=1), (values**2).sum(axis=1))
            values[flat] = 0.0  # without residuals nothing can be found: every P is 1
            if row is not None:
                values = np.sqrt(row) * without_model(values, self._space)
            prior = (s2_prior[rows][complete], df_prior[rows][complete], df_total[rows][complete])
            t2, reached = np.full(len(complete), np.nan), np.zeros(len(complete), np.int32)
            t2[complete], reached[complete] = self._piece(values, prior, w, space)
            self._t2.append(t2)
            self._reached.append(reached)

    def _scaled_space(self, row: Floats) -> PermutationSpace:
        """Give the space of values times the roots of weights that all features share."""
        key = row.tobytes()
        if self._scaled is None or self._scaled[0] != key:
            basis, contrast, permuted, blocks, rho = self._model
            scaled = scaled_basis(basis, row)
            self._scaled = key, permutation_space(scaled, contrast, permuted, blocks, rho)
        return self._scaled[1]

    def _piece(
        self,
        y: Floats,
        prior: tuple[Floats, Floats, Floats],
        w: Floats | None,
        space: PermutationSpace,
    ) -> tuple[Floats, Ints]:
        """Permute complete features; their own t^2, and the permutations that reach it."""
        n = len(y)
        features = shared_features(y, space) if w is None else weighted_features(y, w, space)
        moments = moments_of_t(features.total2, self._df, *prior)
        observed = moments.t2(features.observed2, slice(None))
        self._n_found += int(np.count_nonzero(features.observed2 > moments.found))
        reached = np.zeros(n, np.int64)
        first = 0
        for orders in self.orders.chunks():
            chosen = slice(first, first + len(orders))
            first = chosen.stop
            squares = features.squares(orders)

            def work(start: int, stop: int, of: Squares = squares, at: slice = chosen) -> None:
                rows = slice(start, stop)
                reached[rows] += self._tally.count(of(rows), moments, rows, at, observed[rows])

            for_blocks(n, _ROWS if w is None else _WEIGHTED_ROWS, work)
        return observed, reached

    def check(self) -> PermutationCheck:
        """Compare the number of features found with those that permutations find."""
        found, n = self._tally.found, self.orders.n
        low, high = np.quantile(found, [0.025, 0.975])
        known = sum(int(np.count_nonzero(~np.isnan(t2))) for t2 in self._t2)
        return PermutationCheck(
            n_features=known,
            n_left_out=sum(len(t2) for t2 in self._t2) - known,
            n_permutations=n,
            enumerated=self.orders.enumerated,
            n_found=self._n_found,
            n_expected=float(found.mean()),
            n_low=float(low),
            n_high=float(high),
            p_value=float((1 + np.count_nonzero(found >= self._n_found)) / (1 + n)),
            between_share=self._space.between_share,
        )

    def p_values(self) -> PermutationP:
        """Compare the t of every feature with its permutations.

        Returns
        -------
        PermutationP
            Features in the order they were added.

        Notes
        -----
        P = (1 + permutations that reach it) / (1 + permutations): the visits as they are count
        among them, so that P is never 0 and valid for any number (Phipson & Smyth 2010, doi
        10.2202/1544-6115.1585). For `pooled` |t| goes by cells of 1/2048 and ends at 32, rounded
        so that P is not too small.
        """
        t2, n = np.concatenate([np.empty(0), *self._t2]), self.orders.n
        reached = np.concatenate([np.empty(0, np.int32), *self._reached])
        known = ~np.isnan(t2)
        own, pooled, family_wise = np.full((3, len(t2)), np.nan)
        own[known] = (1 + reached[known]) / (1 + n)
        pooled[known] = (1 + self._tally.pooled_reached(t2[known])) / (1 + n * int(known.sum()))
        family_wise[known] = (1 + self._tally.largest_reached(t2[known])) / (1 + n)
        return PermutationP(own, pooled, family_wise)
