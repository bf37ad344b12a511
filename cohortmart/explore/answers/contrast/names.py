"""Names of a few features, and where each is shown."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.core.study.kinds import BETA, CONTINUOUS, COUNTS
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.contrast.wished import ContrastMeant

#: Names of features, by the kind of their assay. Takes $ids; measures take $assay.
_GENES = """
    select i.feature_id, coalesce(g.gene_name, i.feature_id) as genes
    from (select unnest($ids::varchar[]) as feature_id) as i
    left join dim_gene as g on g.gene_id = i.feature_id
"""
_PROBES = """
    select
        probe_id as feature_id,
        array_to_string(list_sort(list(distinct gene_name))[1:3], ', ')
        || case when count(distinct gene_name) > 3 then ', …' else '' end as genes
    from bridge_probe_gene
    where gene_name is not null and probe_id in (select unnest($ids::varchar[]))
    group by probe_id
"""
_MEASURES = """
    select feature_id, measure_name as genes from dim_measure
    where assay = $assay and feature_id in (select unnest($ids::varchar[]))
"""
_NAMES = {
    COUNTS: ("dim_gene", _GENES),
    BETA: ("bridge_probe_gene", _PROBES),
    CONTINUOUS: ("dim_measure", _MEASURES),
}
#: Features with a text in one of their names, for a row `r`. Takes $typed, in small letters.
_CALLED = {
    COUNTS: ("dim_gene", "select gene_id from dim_gene where contains(lower(gene_name), $typed)"),
    BETA: (
        "bridge_probe_gene",
        "select probe_id from bridge_probe_gene where starts_with(lower(gene_name), $typed)",
    ),
    CONTINUOUS: (
        "dim_measure",
        "select feature_id from dim_measure where contains(lower(measure_name), $typed) "
        "or contains(lower(gene_name), $typed)",
    ),
}


def with_names(
    asked: Asked, meant: ContrastMeant, known: dict[str, str], rows: pa.Table
) -> pa.Table:
    """Return features with what they are called and where they are shown.

    Parameters
    ----------
    asked : Asked
    meant : ContrastMeant
    known : dict of str to str
        Names that were looked up before; those of now are added.
    rows : pyarrow.Table
        With `feature_id`; few, or few enough to draw each.

    Returns
    -------
    pyarrow.Table
        The rows with `genes` (null where there is no name) and `address`.
    """
    ids: list[str] = rows["feature_id"].to_pylist()
    table, query = _NAMES[meant.manner.kind.name]
    new = [i for i in ids if i not in known]
    if new and asked.is_there(table):
        params: dict[str, object] = {"ids": new}
        if "$assay" in query:
            params["assay"] = meant.assay
        known.update(dict(asked.con.sql(query, params=params).fetchall()))
    names = [known.get(i) for i in ids]
    addresses = [meant.address_of(i, name) for i, name in zip(ids, names, strict=True)]
    named = rows.append_column("genes", pa.array(names, pa.string()))
    return named.append_column("address", pa.array(addresses, pa.string()))


def called(asked: Asked, meant: ContrastMeant) -> str:
    """Return the condition that a row `r` has $typed in its id or in a name of it.

    Parameters
    ----------
    asked : Asked
    meant : ContrastMeant
    """
    by_id = "contains(lower(r.feature_id), $typed)"
    table, query = _CALLED[meant.manner.kind.name]
    return f"({by_id} or r.feature_id in ({query}))" if asked.is_there(table) else by_id
