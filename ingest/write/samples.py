"""Small lake tables about samples and features, from what the sheets and matrices say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from cohortmart.core.lake.assays import assay_rows
from cohortmart.core.schemas.tables import ASSAY, FEATURE, STUDY_VARIABLE
from cohortmart.core.study.descriptions import description
from cohortmart.core.study.records import Study
from cohortmart.core.study.variables import study_variables


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


def variable_table(study: Study) -> pa.Table:
    """Return the table `study_variable`, in the order in which variables are shown."""
    rows = [
        {
            "variable": variable.name,
            "variable_order": order,
            "role": variable.role,
            "kind": variable.kind,
            "in_visit_key": variable.in_visit_key,
            "description": description(variable, study),
        }
        for order, variable in enumerate(study_variables(study), start=1)
    ]
    return pa.Table.from_pylist(rows, schema=STUDY_VARIABLE)


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
