"""Names of features: genes by name, CpGs with their genes."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from cohortmart.core.study.kinds import BETA, CONTINUOUS, COUNTS
from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.feature_values import Measured
from cohortmart.report.source import Source

#: Tables with the names of features, by the kind of the assay.
_NAMED_IN = {COUNTS: "dim_gene", BETA: "bridge_probe_gene", CONTINUOUS: "dim_measure"}


def in_list(texts: Iterable[str]) -> str:
    """Return texts as an SQL list for `in`; of none, one that nothing is in."""
    return f"({', '.join(literal(text) for text in texts) or 'null'})"


def names_sql(pair: Measured, among: str) -> str:
    """Return SQL that gives feature_id and gene_name (those of a CpG in one text).

    Parameters
    ----------
    pair : Measured
    among : str
        SQL behind `in` that gives the features.
    """
    if pair.kind.name == CONTINUOUS:
        return (
            "select feature_id, measure_name as gene_name from dim_measure "
            f"where assay = {literal(pair.assay)} and feature_id in {among}"
        )
    if pair.is_beta:
        return (
            "select probe_id as feature_id, "
            "string_agg(distinct gene_name, ', ' order by gene_name) as gene_name "
            f"from bridge_probe_gene where probe_id in {among} group by probe_id"
        )
    return f"select gene_id as feature_id, gene_name from dim_gene where gene_id in {among}"


def gene_names(source: Source, pair: Measured, features: Iterable[str]) -> dict[str, str]:
    """Return the gene names of those features that have any."""
    if not source.has_rows(_NAMED_IN[pair.kind.name]):
        return {}
    rows = source.rows(names_sql(pair, in_list(sorted(set(features)))))
    return {row["feature_id"]: row["gene_name"] for row in rows if row["gene_name"]}


def label(feature: str, gene_name: str | None) -> str:
    """Return a feature with its gene: `CD69, ENSG00000110848`."""
    if not gene_name or gene_name == feature:
        return feature
    return f"{gene_name}, {feature}"


def short_labels(labels: Iterable[str]) -> dict[str, str]:
    """Return labels without the id behind the gene, where these still tell all features apart."""
    whole = sorted(set(labels))
    short = {text: text.rpartition(", ")[0] or text for text in whole}
    return short if len(set(short.values())) == len(whole) else {text: text for text in whole}


def named(source: Source, pair: Measured, points: pa.Table) -> pa.Table:
    """Return a table with `feature`, what is shown, in place of `feature_id`."""
    ids = points["feature_id"].to_pylist()
    names = gene_names(source, pair, ids)
    shown = pa.array([label(i, names.get(i)) for i in ids], pa.string())
    return points.drop_columns(["feature_id"]).append_column("feature", shown)
