"""Design, contrasts, notes and voom's trend of an analysis as the rows of their tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analyses.stats.counts.voom import VoomTrend
from analyses.write.columns import table_of
from cohortmart.core.types import Floats


def design_rows(
    analysis: str, sample_ids: Sequence[str], coefficients: Sequence[str], matrix: Floats
) -> pa.Table:
    """Write a design matrix as the rows of `design_value`, sample by sample.

    Parameters
    ----------
    analysis : str
    sample_ids : sequence of str, length n_samples
    coefficients : sequence of str, length n_coefficients
    matrix : ndarray of shape (n_samples, n_coefficients)
    """
    n, k = matrix.shape
    columns = {
        "analysis": analysis,
        "sample_id": np.repeat(_texts(sample_ids), k),
        "sample_order": np.repeat(np.arange(1, n + 1), k),
        "coefficient": np.tile(_texts(coefficients), n),
        "coefficient_order": np.tile(np.arange(1, k + 1), n),
        "value": matrix.ravel(),
    }
    return table_of("design_value", columns)


def weight_rows(
    analysis: str, contrasts: Sequence[str], coefficients: Sequence[str], matrix: Floats
) -> pa.Table:
    """Write contrasts as the rows of `contrast_weight`; a weight of 0 has no row.

    Parameters
    ----------
    analysis : str
    contrasts : sequence of str, length n_contrasts
    coefficients : sequence of str, length n_coefficients
    matrix : ndarray of shape (n_coefficients, n_contrasts)
    """
    contrast, coefficient = np.nonzero(matrix.T)
    columns = {
        "analysis": analysis,
        "contrast": _texts(contrasts)[contrast],
        "coefficient": _texts(coefficients)[coefficient],
        "coefficient_order": coefficient + 1,
        "weight": matrix[coefficient, contrast],
    }
    return table_of("contrast_weight", columns)


def note_rows(analysis: str, notes: Sequence[tuple[str, str]]) -> pa.Table:
    """Write notes, numbered from 1, as the rows of `analysis_note`.

    Parameters
    ----------
    analysis : str
    notes : sequence of (str, str)
        The kind, `warning`, `note` or `preset`, and the words.
    """
    columns = {
        "analysis": analysis,
        "note_order": np.arange(1, len(notes) + 1),
        "kind": [kind for kind, _ in notes],
        "note": [words for _, words in notes],
    }
    return table_of("analysis_note", columns)


def trend_rows(analysis: str, feature_ids: pa.Array, trend: VoomTrend) -> pa.Table:
    """Write voom's trend as the rows of `voom_trend`; a gene without counts has no row.

    Parameters
    ----------
    analysis : str
    feature_ids : pyarrow.Array of string, length n_genes
    trend : VoomTrend
        Of those genes.
    """
    seen = np.isfinite(trend.mean_log2_count)
    columns = {
        "analysis": analysis,
        "feature_id": feature_ids.filter(pa.array(seen)),
        "mean_log2_count": trend.mean_log2_count[seen],
        "sqrt_sd": trend.sqrt_sd[seen],
        "trend": trend.trend[seen],
    }
    return table_of("voom_trend", columns)


def _texts(names: Sequence[str]) -> NDArray[np.object_]:
    """Give an array of texts that can be indexed."""
    return np.asarray(names, dtype=object)
