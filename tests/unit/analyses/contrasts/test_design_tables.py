"""Rows of the design tables give back the matrices that they were made of."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from analyses.contrasts.design_tables import design_rows, note_rows, trend_rows, weight_rows
from analyses.stats.counts.voom import VoomTrend
from cohortmart.core.schemas.quality_tables import (
    ANALYSIS_NOTE,
    CONTRAST_WEIGHT,
    DESIGN_VALUE,
    VOOM_TREND,
)
from cohortmart.core.types import Floats

MATRICES = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=5),
    elements=st.sampled_from([-1.0, 0.0, 0.5, 37.25]),
)


def names(of: str, n: int) -> list[str]:
    """Give names whose order in the alphabet is not theirs."""
    return [f"{of}{(7 * i) % 10}" for i in range(n)]


@given(MATRICES)
def test_design(matrix: Floats) -> None:
    samples, coefficients = names("s", len(matrix)), names("c", matrix.shape[1])
    table = design_rows("a", samples, coefficients, matrix)
    assert table.schema == DESIGN_VALUE
    found = np.full(matrix.shape, np.nan)
    for row in table.to_pylist():
        i, j = row["sample_order"] - 1, row["coefficient_order"] - 1
        assert (row["analysis"], row["sample_id"]) == ("a", samples[i])
        assert row["coefficient"] == coefficients[j]
        found[i, j] = row["value"]
    np.testing.assert_array_equal(found, matrix)
    assert table.num_rows == matrix.size


@given(MATRICES)
def test_weights(matrix: Floats) -> None:
    coefficients, contrasts = names("c", len(matrix)), names("k", matrix.shape[1])
    table = weight_rows("a", contrasts, coefficients, matrix)
    assert table.schema == CONTRAST_WEIGHT
    found = np.zeros(matrix.shape)
    for row in table.to_pylist():
        i, j = row["coefficient_order"] - 1, contrasts.index(row["contrast"])
        assert row["coefficient"] == coefficients[i]
        assert row["weight"] != 0
        found[i, j] = row["weight"]
    np.testing.assert_array_equal(found, matrix)
    order = [contrasts.index(c) for c in table["contrast"].to_pylist()]
    assert order == sorted(order)


def test_notes() -> None:
    table = note_rows("a", [("note", "z <b>"), ("preset", "b")])
    assert table.schema == ANALYSIS_NOTE
    assert table.to_pylist() == [
        {"analysis": "a", "note_order": 1, "kind": "note", "note": "z <b>"},
        {"analysis": "a", "note_order": 2, "kind": "preset", "note": "b"},
    ]
    assert note_rows("a", []).equals(ANALYSIS_NOTE.empty_table())


def test_a_gene_without_counts_has_no_trend() -> None:
    nan = np.nan
    trend = VoomTrend(np.array([1.0, nan, 3.0]), np.array([0.1, nan, 0.3]), np.array([4, nan, 6]))
    table = trend_rows("a", pa.array(["g1", "g2", "g3"]), trend)
    assert table.schema == VOOM_TREND
    assert [list(row.values()) for row in table.to_pylist()] == [
        ["a", "g1", 1.0, 0.1, 4.0],
        ["a", "g3", 3.0, 0.3, 6.0],
    ]
