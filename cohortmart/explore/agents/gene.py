"""What is known of a gene, as an agent reads it: numbers of contrasts and groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.api.names import gene_meant
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.queries.plain import plain_value
from cohortmart.explore.answers.results import results_of

#: Rows of each list; there may be hundreds of CpGs in dozens of contrasts.
MOST_ROWS = 100
_VALUES = ("log_fc", "ci_low", "ci_high", "p_value", "adj_p_value", "found")
_OF_CPGS = ("log_fc", "delta_beta", "p_value", "adj_p_value", "found")
_ANALYSES = """
    select distinct c.analysis, c.assay, a.kind
    from dim_contrast as c
    inner join staging.stg_lake__assays as a on a.assay = c.assay
    order by c.analysis
"""
_MEANS = """
    select analysis, gene_id, study_group, timepoint, cell_type, n_subjects, mean_log2_cpm,
        ci_low, ci_high
    from group_expression
    where list_contains($ids, gene_id) and n_subjects >= 2
    order by analysis, gene_id, study_group, cell_type, visit_order
"""
_PROBES = """
    select p.probe_id, p.chromosome, p.position, p.filter_reason,
        string_agg(distinct b.region, ';' order by b.region) as regions
    from bridge_probe_gene as b
    inner join dim_probe as p on p.probe_id = b.probe_id
    where b.gene_name = $name
    group by p.probe_id, p.chromosome, p.position, p.filter_reason
    order by p.chromosome, p.position, p.probe_id
"""
_MEASURES = """
    select feature_id from dim_measure where gene_name = $name and assay = $assay
    order by feature_id
"""
_REBOUND = """
    select analysis, pair, study_group, cell_type, first_contrast, second_contrast, feature_id,
        class, is_found, log_fc_first, log_fc_second, p_rebound, adj_p_rebound
    from rebound where analysis = $analysis and list_contains($ids, feature_id)
    order by analysis, pair, group_order, cell_type, feature_id
"""
_PAIRS = """
    select analysis, expression_analysis, contrast, probe_id, regions, delta_beta,
        expression_log_fc, r_within, p_within, adj_p_within
    from dmp_deg where gene_name = $name
    order by p_within nulls last, analysis, contrast, probe_id
"""
_SETS = """
    select collection, gene_set from bridge_gene_set where gene_name = $name
    order by collection, gene_set
"""
#: Lists by their names, with the table that each is of.
_LISTS = {
    "group_means": ("group_expression", _MEANS),
    "cpg_gene_pairs": ("dmp_deg", _PAIRS),
    "gene_sets": ("bridge_gene_set", _SETS),
}


def gene_facts(explored: Explored, word: str) -> dict[str, Any]:
    """Return what a study knows of a gene.

    Parameters
    ----------
    explored : Explored
    word : str
        Id, symbol or another name.

    Returns
    -------
    dict
        `gene`, `gene_ids`; `contrasts`, `measures`: results of its counts and its proteins; `cpgs`
        and `cpg_changes`, those that were found; `group_means`, `rebound`, `cpg_gene_pairs`,
        `gene_sets`. Each list is a dict of columns, rows and their number.

    Raises
    ------
    InputError
        No gene of the study is called so.
    """
    with explored.asked() as asked:
        name, ids = gene_meant(asked.con, word)
        params = {"name": name, "ids": list(ids)}
        facts: dict[str, Any] = {"gene": name, "gene_ids": list(ids)}
        probes = _there(asked, "dim_probe", _PROBES, params)
        cpgs = [] if probes is None else probes["probe_id"].to_pylist()
        results: dict[str, list[pa.Table]] = {"counts": [], "beta": [], "continuous": []}
        rebound: list[pa.Table] = []
        for row in asked.rows(_ANALYSES):
            features: Sequence[str] = ids if row["kind"] == "counts" else cpgs
            if row["kind"] == "continuous":
                asks = {"name": name, "assay": row["assay"]}
                features = asked.table(_MEASURES, asks)["feature_id"].to_pylist()
            if features and row["kind"] in results:
                values = _OF_CPGS if row["kind"] == "beta" else _VALUES
                found = results_of(explored, asked, row["analysis"], features, values)
                analysis = pa.array([row["analysis"]] * found.num_rows, pa.string())
                results[row["kind"]].append(found.add_column(0, "analysis", analysis))
            if row["kind"] == "counts":  # of one analysis at a time: only its rows are read
                of_this = _there(asked, "rebound", _REBOUND, params | {"analysis": row["analysis"]})
                rebound += [] if of_this is None else [of_this]
        changes = [table.filter(pc.equal(table["found"], True)) for table in results["beta"]]
        lists = {
            "contrasts": _joined(results["counts"]),
            "measures": _joined(results["continuous"]),
            "cpgs": probes,
            "cpg_changes": _joined(changes),
            "rebound": _joined(rebound),
            **{key: _there(asked, *of, params) for key, of in _LISTS.items()},
        }
        words = asked.names.words
        facts.update({key: listed(t, words) for key, t in lists.items() if t is not None})
    return facts


def listed(table: pa.Table, words: Any, most: int = MOST_ROWS) -> dict[str, Any]:
    """Return rows as an agent reads them, and how many more there are.

    Parameters
    ----------
    table : pyarrow.Table
    words : callable
        Takes a text; returns it without people's names where they are not shown.
    most : int
        Rows that are given.
    """

    def plain(value: Any) -> Any:
        shown = plain_value(value)
        return words(shown) if isinstance(shown, str) else shown

    columns = [[plain(v) for v in column.to_pylist()] for column in table.slice(0, most).columns]
    given: dict[str, Any] = {
        "columns": table.schema.names,
        "rows": [list(row) for row in zip(*columns, strict=True)],
        "n_rows": table.num_rows,
    }
    if table.num_rows > most:
        given["note"] = f"the first {most} of {table.num_rows:,} rows; `query` gives the others"
    return given


def _there(asked: Asked, table: str, query: str, params: dict[str, Any]) -> pa.Table | None:
    """Return the rows of a query if its table is there."""
    if not asked.is_there(table):
        return None
    return asked.table(query, {name: v for name, v in params.items() if f"${name}" in query})


def _joined(tables: list[pa.Table]) -> pa.Table | None:
    return pa.concat_tables(tables) if tables else None
