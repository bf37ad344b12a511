"""Correlation over features of the difference at baseline with the change that follows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyses.fit.contrasts import ContrastResults
from analyses.fit.prepare import ModelInputs
from analyses.stats.moderation.genas import Genas, genas
from analyses.stats.rotation.contrast_correlation import (
    ObservedCorrelation,
    contrast_correlations,
    no_effect_correlation,
)
from analyses.stats.rotation.no_change import NoChangeTest, no_change_test
from analyses.stats.rotation.rotation import CorrelationTest, rotation_test
from cohortmart.core.types import Floats

#: Beyond this correlation of their errors the two are one.
_PROPORTIONAL = 1.0 - 1e-9
#: Of the random rotations: the same study gives the same P.
_SEED = 1


@dataclass(frozen=True, eq=False)
class ReturnCorrelation:
    """Of each visit; the lists are in the order of the pairs (change, difference).

    Parameters
    ----------
    pairs : sequence of (int, int)
        Columns of the fit.
    observed : ObservedCorrelation
        Of all columns.
    no_effect : ndarray of shape (n_columns, n_columns)
    test : CorrelationTest or None
        Neither a difference nor a change.
    no_change : NoChangeTest or None
        Differences of any size, no change.
    biological : list of Genas or None
    """

    pairs: Sequence[tuple[int, int]]
    observed: ObservedCorrelation
    no_effect: Floats
    test: CorrelationTest | None
    no_change: NoChangeTest | None
    biological: list[Genas | None]

    def row(self, i: int) -> dict[str, float | int | None]:
        """Return the columns of `return_visit` that are of the correlation."""
        pair, test, still, true = self.pairs[i], self.test, self.no_change, self.biological[i]
        return {
            "n_features": int(self.observed.n_features[pair]),
            "n_features_rotated": None if test is None else test.n_features,
            "n_rotations": None if test is None else test.n_rotations,
            "r": float(self.observed.r[pair]),
            "r_no_effect": float(self.no_effect[pair]),
            "no_effect_low": None if test is None else float(test.no_effect_low[i]),
            "no_effect_high": None if test is None else float(test.no_effect_high[i]),
            "r_no_change": None if still is None else float(still.no_change[i]),
            "no_change_low": None if still is None else float(still.low[i]),
            "no_change_high": None if still is None else float(still.high[i]),
            "p_value": None if still is None else float(still.p_value[i]),
            "r_biological": None if true is None else true.r,
            "r_biological_ci_low": None if true is None else true.ci_low,
            "r_biological_ci_high": None if true is None else true.ci_high,
        }


def return_correlation(
    inputs: ModelInputs,
    contrasts: Floats,
    results: ContrastResults,
    pairs: Sequence[tuple[int, int]],
) -> ReturnCorrelation:
    """Correlate each change with the difference at baseline, beside what chance gives.

    Parameters
    ----------
    inputs : ModelInputs
    contrasts : ndarray of shape (n_coefficients, n_columns)
        Those of the results; behind each change stands what is left of the difference.
    results : ContrastResults
        With the rotation sums of the pairs.
    pairs : sequence of (int, int)
        (change, difference at baseline).
    """
    observed = contrast_correlations(results.fit.estimate)
    no_effect = no_effect_correlation(
        inputs.basis, contrasts, inputs.blocks, inputs.correlation or 0.0
    )
    test = no_change = None
    if results.sums is not None:
        test = rotation_test(results.sums, observed.r, seed=_SEED)
        no_change = no_change_test(results.sums, observed.r, seed=_SEED)
    biological = [
        _biological(results, pair) if abs(no_effect[pair]) < _PROPORTIONAL else None
        for pair in pairs
    ]
    return ReturnCorrelation(pairs, observed, no_effect, test, no_change, biological)


def _biological(results: ContrastResults, pair: tuple[int, int]) -> Genas:
    change, baseline = pair
    fit, moderated = results.fit, results.moderated
    v_baseline, v_change, v_left = (fit.unscaled_sd[:, [baseline, change, change + 1]] ** 2).T
    covariance = (v_left - v_baseline - v_change) / 2.0
    return genas(
        fit.estimate[:, [baseline, change]],
        np.column_stack([v_baseline, covariance, v_change]),
        moderated.s2_post,
        moderated.df_total[:, [baseline, change]].min(axis=1),
        None if results.sums is None else results.sums.feature_correlation(),
    )
