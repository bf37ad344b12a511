"""Correlation of the log fold changes of contrasts: observed, without any effect, and tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyses.fit.contrasts import ContrastResults
from analyses.fit.prepare import ModelInputs
from analyses.rebound.pairs import ContrastPair
from analyses.stats.moderation.genas import Genas, genas
from analyses.stats.rotation.contrast_correlation import (
    ObservedCorrelation,
    contrast_correlations,
    no_effect_correlation,
)
from analyses.stats.rotation.feature_correlation import FeatureCorrelation
from analyses.stats.rotation.rotation import CorrelationTest, rotation_test
from cohortmart.core.types import Floats

#: Beyond this correlation of their errors two contrasts are one.
_PROPORTIONAL = 1.0 - 1e-9
#: Of the random rotations: the same study gives the same P.
ROTATION_SEED = 1


@dataclass(frozen=True, eq=False)
class ContrastCorrelation:
    """Correlations of the log fold changes of contrasts, observed and without any effect.

    Parameters
    ----------
    observed : ObservedCorrelation
    no_effect : ndarray of shape (n_contrasts, n_contrasts)
    test : CorrelationTest or None
        Of the pairs of `rebound`.
    biological : mapping of (int, int) to Genas
        Of the same pairs.
    """

    observed: ObservedCorrelation
    no_effect: Floats
    test: CorrelationTest | None
    biological: dict[tuple[int, int], Genas]


def contrast_correlation(
    inputs: ModelInputs, results: ContrastResults, pairs: Sequence[ContrastPair]
) -> ContrastCorrelation:
    """Compare all pairs of contrasts over the features, those of `rebound` with rotations.

    Parameters
    ----------
    inputs : ModelInputs
    results : ContrastResults
        Their further contrasts begin with the amplitudes of the pairs.
    pairs : sequence of ContrastPair
    """
    observed = contrast_correlations(results.fit.estimate)
    test = None
    if results.sums is not None:
        test = rotation_test(results.sums, observed.r, seed=ROTATION_SEED)
    no_effect = no_effect_correlation(
        inputs.basis, inputs.contrasts.matrix, inputs.blocks, inputs.correlation or 0.0
    )
    features = None if results.sums is None else results.sums.feature_correlation()
    biological = {
        (pair.first, pair.second): _biological(results, pair, i, features)
        for i, pair in enumerate(pairs)
        if abs(no_effect[pair.first, pair.second]) < _PROPORTIONAL
    }
    return ContrastCorrelation(observed, no_effect, test, biological)


def _biological(
    results: ContrastResults,
    pair: ContrastPair,
    amplitude: int,
    features: FeatureCorrelation | None,
) -> Genas:
    """Take the covariance of the two contrasts from the variance of their amplitude.

    amplitude = (b1 - b2) / 2, so 4 v_amplitude = v11 + v22 - 2 v12.
    """
    both = [pair.first, pair.second]
    fit, moderated = results.fit, results.moderated
    v1, v2 = (fit.unscaled_sd[:, both] ** 2).T
    v_amplitude = results.further.unscaled_sd[:, amplitude] ** 2
    v12 = (v1 + v2 - 4.0 * v_amplitude) / 2.0
    return genas(
        fit.estimate[:, both],
        np.column_stack([v1, v12, v2]),
        moderated.s2_post,
        moderated.df_total[:, both].min(axis=1),
        features,
    )
