"""Small lake tables about samples and features, from what the sheets and matrices say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from cohortmart.study import Study
from cohortmart.tables import ASSAY, FEATURE, MATRIX_SAMPLE


@dataclass(frozen=True)
class AssayFeatures:
    """Features of one assay.

    Parameters
    ----------
    assay, kind : str
        Which assay.
    features : pa.Table
        feature_id and gene_name, in any order.
    """

    assay: str
    kind: str
    features: pa.Table


def assay_table(study: Study) -> pa.Table:
    """Return the table `assay`, sorted by assay."""
    rows = [
        {
            "assay": name,
            "kind": study.assays[name].kind,
            "m_value_clip": study.assays[name].m_value_clip,
        }
        for name in sorted(study.assays)
    ]
    return pa.Table.from_pylist(rows, schema=ASSAY)


def matrix_sample_rows(
    assay: str, kind: str, layer: str, columns: Sequence[str], sample_ids: Sequence[str]
) -> list[dict[str, object]]:
    """Return the rows of `matrix_sample` for one matrix, positions from 1."""
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


def feature_table(assays: Iterable[AssayFeatures]) -> pa.Table:
    """Return the table `feature`, sorted by assay and feature_id."""
    parts = [FEATURE.empty_table()]
    for part in sorted(assays, key=lambda a: a.assay):
        n = part.features.num_rows
        ordered = part.features.sort_by("feature_id")
        columns = [
            pa.repeat(pa.scalar(part.assay), n),
            pa.repeat(pa.scalar(part.kind), n),
            ordered["feature_id"],
            ordered["gene_name"],
        ]
        parts.append(pa.table(columns, schema=FEATURE))
    return pa.concat_tables(parts)
