"""Correlations of contrasts as the rows of `contrast_correlation`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from analyses.stats.moderation.genas import Genas
from analyses.stats.rotation.contrast_correlation import ObservedCorrelation
from analyses.stats.rotation.rotation import CorrelationTest
from analyses.write.columns import table_of
from cohortmart.core.types import Floats, Ints

#: Columns of the biological correlation, and the numbers of `Genas` in them.
_BIOLOGICAL = {
    "r_biological": "r",
    "r_biological_ci_low": "ci_low",
    "r_biological_ci_high": "ci_high",
    "biological_p_value": "p_value",
}


def correlation_rows(
    analysis: str,
    contrasts: Sequence[str],
    observed: ObservedCorrelation,
    no_effect: Floats,
    test: CorrelationTest | None,
    biological: Mapping[tuple[int, int], Genas],
) -> pa.Table:
    """Join the observed correlations, those without effects and their test; NaN becomes null.

    Every pair of contrasts is a row, in their order; columns of the test are null in pairs that
    were not rotated.

    Parameters
    ----------
    analysis : str
    contrasts : sequence of str, length n_contrasts
    observed : ObservedCorrelation
        See `contrast_correlations`.
    no_effect : ndarray of shape (n_contrasts, n_contrasts)
        See `no_effect_correlation`.
    test : CorrelationTest or None
        See `rotation_test`.
    biological : mapping of (int, int) to Genas
        By the numbers of the two contrasts; null in other pairs.
    """
    i, j = np.triu_indices(len(contrasts), 1)
    names = np.asarray(contrasts, dtype=object)
    rotated = _of_rows(test, i, j)
    columns = {
        "analysis": analysis,
        "first_contrast": names[i],
        "second_contrast": names[j],
        "n_features": observed.n_features[i, j],
        "r": observed.r[i, j],
        "r_no_effect": no_effect[i, j],
        **rotated,
        **_biological(biological, i, j),
    }
    return table_of("contrast_correlation", columns)


def _of_rows(test: CorrelationTest | None, i: Ints, j: Ints) -> dict[str, Floats | pa.Array]:
    """Put the columns of a test into the rows of its pairs, whichever contrast it names first."""
    columns: dict[str, Floats | pa.Array] = {}
    row = {pair: k for k, pair in enumerate(zip(i.tolist(), j.tolist(), strict=True))}
    pairs = [] if test is None else [(min(p), max(p)) for p in test.pairs.tolist()]
    at = [row[pair] for pair in pairs]
    for name in ("r_low", "r_high", "no_effect_low", "no_effect_high", "p_value"):
        columns[name] = np.full(len(i), np.nan)
        if test is not None:
            columns[name][at] = getattr(test, name)
    chosen = np.zeros(len(i), bool)
    chosen[at] = True
    for name, number in (("n_features_rotated", "n_features"), ("n_rotations", "n_rotations")):
        value = 0 if test is None else getattr(test, number)
        columns[name] = pa.array(np.full(len(i), value), mask=~chosen)
    return columns


def _biological(
    found: Mapping[tuple[int, int], Genas],
    i: Ints,
    j: Ints,
) -> dict[str, Floats]:
    """Put the biological correlations into the rows of their pairs."""
    columns = {name: np.full(len(i), np.nan) for name in _BIOLOGICAL}
    row = {pair: k for k, pair in enumerate(zip(i.tolist(), j.tolist(), strict=True))}
    for pair, one in found.items():
        for name, number in _BIOLOGICAL.items():
            columns[name][row[min(pair), max(pair)]] = getattr(one, number)
    return columns
