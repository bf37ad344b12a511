"""Names of the features that a comparison lists: genes, the genes of a CpG, measures."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.app.diff.runs import Run

_NAMES = """
    select f.feature_id, f.feature_name
    from analysis_run as r
    inner join dim_feature as f on r.assay = f.assay
    where r.analysis = $1 and list_contains($2, f.feature_id)
"""


def with_names(features: pa.Table, runs: tuple[Run, Run], analysis: str) -> pa.Table:
    """Fill the column `feature_name` of features that differ.

    Parameters
    ----------
    features : Table
        With the columns of `cohortmart.app.diff.results.FEATURES`.
    runs : (Run, Run)
        A and B; where both name a feature, the name is that of B.
    analysis : str

    Returns
    -------
    Table
        Null where no run has a name. A run of an earlier version names nothing.
    """
    ids = features["feature_id"].combine_chunks()
    names = pa.nulls(len(ids), pa.string())
    for run in reversed(runs):
        known = run.table(_NAMES, [analysis, ids.to_pylist()]) if len(ids) else None
        if known is not None:
            at = pc.index_in(ids, value_set=known["feature_id"].combine_chunks())
            names = pc.coalesce(names, known["feature_name"].combine_chunks().take(at))
    place = features.schema.get_field_index("feature_name")
    return features.set_column(place, features.schema.field(place), names)
