"""Rows of `matrix_sample`: which sample each position of a matrix is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from cohortmart.core.schemas.tables import MATRIX_SAMPLE


def matrix_sample_rows(
    assay: str, kind: str, layer: str, columns: Sequence[str], sample_ids: Sequence[str]
) -> list[dict[str, object]]:
    """Return the rows of `matrix_sample` for one matrix, positions from 1.

    Parameters
    ----------
    assay, kind, layer : str
        Which matrix.
    columns : sequence of str
        Names of its columns in the raw file, in order.
    sample_ids : sequence of str
        Their samples.
    """
    return [
        {
            "assay": assay,
            "kind": kind,
            "layer": layer,
            "position": position,
            "sample_id": sample_id,
            "column_name": column,
        }
        for position, (column, sample_id) in enumerate(
            zip(columns, sample_ids, strict=True), start=1
        )
    ]


def matrix_sample_table(rows: Iterable[Mapping[str, object]]) -> pa.Table:
    """Return the table `matrix_sample`, sorted by assay, layer and position."""
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=MATRIX_SAMPLE)
    return table.sort_by([(name, "ascending") for name in ("assay", "layer", "position")])
