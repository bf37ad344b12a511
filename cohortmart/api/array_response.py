"""Response of a model from an array: measurements, counts or betas, with weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from analyses.design.model_matrix import Design
from analyses.fit.response import (
    SampleWeightedValues,
    ValueBlock,
    Values,
    ValuesInMemory,
    refuse_scale,
    weighted,
)
from analyses.load.array_counts import array_counts
from analyses.stats.counts.voom_rounds import voom_rounds
from analyses.stats.methylation.m_value import m_value
from analyses.stats.mixed.blocks import Blocks
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Analysis
from cohortmart.core.types import Floats

#: What each response takes, in words.
_TAKES = {
    "voom": "counts", "log_cpm": "counts", "m_value": "betas", "beta": "betas",
    "measured": "numbers",
}  # fmt: skip


def checked_values(values: Any, n_samples: int, response: str) -> Floats:
    """Return values as an array of doubles, NaN where they are missing.

    Parameters
    ----------
    values : array_like of shape (n_features, n_samples)
        Not changed.
    n_samples : int
        Rows of the samples.
    response : str
        As `Analysis.values`.

    Raises
    ------
    AnalysisError
        Another shape, no numbers, infinite values, or values that the response cannot have.
    """
    array = _doubles(values, "values")
    if array.ndim != 2 or array.shape[1] != n_samples or not array.shape[0]:
        turned = array.ndim == 2 and array.shape[0] == n_samples
        raise AnalysisError(
            "the values are not one row a feature and one column a sample",
            expected=f"an array of shape (features, {n_samples})",
            found=f"shape {array.shape}",
            hint="transpose them: values.T" if turned else None,
        )
    if np.isinf(array).any():
        raise AnalysisError("the values are not all finite", hint="write NaN where one is missing")
    takes = _TAKES[response]
    missing = np.isnan(array)
    if takes == "counts" and (missing.any() or (array < 0).any()):
        what = "missing" if missing.any() else "below 0"
        raise AnalysisError(f"some counts are {what}", expected="counts of reads, 0 or more")
    if takes == "betas" and ((array < 0) | (array > 1)).any():
        raise AnalysisError("some betas are outside of 0 to 1", hint="M-values are `measured`")
    return array


def checked_weights(weights: Any, shape: tuple[int, int], response: str) -> Floats | None:
    """Return weights of every value, or of every sample.

    Parameters
    ----------
    weights : array_like of shape (n_features, n_samples) or (n_samples,), or None
    shape : tuple of int
        Of the values.
    response : str

    Raises
    ------
    AnalysisError
        Another shape, weights that are not above 0, or a response that makes its own.
    """
    if weights is None:
        return None
    if response == "voom":
        raise AnalysisError(
            "voom makes weights of its own",
            hint="give log-CPM as `measured` with your weights, or leave `weights` out",
        )
    array = _doubles(weights, "weights")
    if array.shape not in (shape, shape[1:]):
        raise AnalysisError(
            "the weights do not fit to the values",
            expected=f"shape {shape}, or {shape[1:]} for those of samples",
            found=f"shape {array.shape}",
        )
    if not np.isfinite(array).all() or (array <= 0).any():
        raise AnalysisError(
            "the weights are not all above 0", hint="a value that shall not count is NaN"
        )
    return array


def array_values(
    name: str,
    values: Floats,
    ids: pa.Array,
    weights: Floats | None,
    analysis: Analysis,
    m_value_clip: float,
    samples: pl.DataFrame,
    design: Design,
    blocks: Blocks | None,
) -> Values:
    """Return the response that an analysis names.

    Parameters
    ----------
    name : str
        Of the fit, for messages.
    values : ndarray of shape (n_features, n_samples)
    ids : pyarrow.Array of string, length n_features
    weights : ndarray, optional
        See `checked_weights`.
    analysis : Analysis
    m_value_clip : float
        Betas are clipped to [clip, 1 - clip] before the logit.
    samples : polars.DataFrame
        Of the columns, in order.
    design : Design
    blocks : Blocks or None

    Raises
    ------
    AnalysisError
        The filter leaves no gene, a sample has no counts, the values are no counts, or weights
        of samples cannot be computed.
    """
    if analysis.values not in ("voom", "log_cpm"):
        beta = values if analysis.values in ("m_value", "beta") else None
        y = m_value(values, m_value_clip) if analysis.values == "m_value" else values
        whole = ValuesInMemory(ValueBlock(ids, y, beta=beta))
        return _with_weights(name, whole, weights, analysis, design)
    refuse_scale(name, values, voom=analysis.values == "voom")
    counts, rows = array_counts(
        name,
        values,
        samples["sample_id"].to_list(),
        design.expression_groups,
        analysis.filter == "none",
    )
    kept = ids.take(rows)
    if analysis.values == "log_cpm":
        of_kept = weights if weights is None or weights.ndim == 1 else weights[rows.to_numpy()]
        whole = ValuesInMemory(ValueBlock(kept, counts.log2_cpm))
        return _with_weights(name, whole, of_kept, analysis, design)
    try:
        made = voom_rounds(
            counts.counts,
            counts.effective_library,
            design.basis,
            blocks,
            analysis.voom.rounds,
            analysis.array_weights,
            analysis.voom.span,
        )
    except ValueError as error:
        raise AnalysisError(f"{name}: {error}") from error
    block = ValueBlock(kept, made.log2_cpm, weights=made.weights)
    return ValuesInMemory(block, made.sample_weights, made.trend)


def _with_weights(
    name: str, whole: ValuesInMemory, weights: Floats | None, analysis: Analysis, design: Design
) -> Values:
    if weights is None:
        return weighted(name, analysis, whole, design.basis)
    if analysis.array_weights:
        raise AnalysisError(
            f"{name}: `array_weights` would make weights, and `weights` are given",
            hint="leave one of the two out",
        )
    if weights.ndim == 1:
        return SampleWeightedValues(whole, weights)
    block = whole.whole
    return ValuesInMemory(ValueBlock(block.feature_ids, block.y, weights, block.beta))


def _doubles(values: Any, what: str) -> Floats:
    try:
        return np.array(values, dtype=np.float64, order="C", copy=None)
    except (TypeError, ValueError) as error:
        raise AnalysisError(
            f"the {what} are not all numbers",
            expected="an array of numbers, NaN where one is missing",
            found=str(error),
        ) from error
