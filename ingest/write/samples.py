"""Small lake tables about samples and features, from what the sheets and matrices say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from cohortmart.core.lake.assays import assay_rows
from cohortmart.core.schemas.tables import ASSAY, FEATURE
from cohortmart.core.study.records import Study


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
    return pa.Table.from_pylist(assay_rows(study), schema=ASSAY)


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
