"""Table of the features of a contrast: the smallest P first, and what a search of it reaches."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.core.study.kinds import BETA, CONTINUOUS, COUNTS
from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.blocks import Column, Features, Reach, Table
from cohortmart.report.pages.contrasts.scan import Scan
from cohortmart.report.pages.contrasts.words import (
    Manner,
    Row,
    compared_words,
    own_words_only,
)
from cohortmart.report.source import Source
from cohortmart.report.thresholds import threshold_words

#: What the id of a feature is called, by the kind of the assay.
_ID = {COUNTS: "Gene id", BETA: "CpG", CONTINUOUS: "Measure id"}
#: The columns of the table that `Features` has too.
_REACHED = {
    "feature_id": "id", "genes": "name", "log_fc": "log_fc", "p_value": "p",
    "adj_p_value": "adj_p", "ave_expr": "level",
}  # fmt: skip


def features_table(
    source: Source,
    manner: Manner,
    scan: Scan,
    features: Features,
    positions: list[int],
    row: Row,
) -> Table:
    """Return the features of a contrast with the smallest P values, the others within reach.

    Parameters
    ----------
    source : Source
    manner : Manner
    scan : Scan
    features : Features
    positions : list of int
        Of the strongest features among them, in order of P.
    row : Row
        The contrast.
    """
    strongest = scan.strongest.select(
        [c for c in scan.strongest.column_names if c not in ("height", "rank")]
    )
    shown = scan.strongest_of(row["place"])[: source.detail.top_features]
    rows = pa.Table.from_pylist(shown, schema=strongest.schema)
    left_out = set()
    if all(f["delta_beta"] is None for f in shown):
        left_out.add("delta_beta")
    if all(f["genes"] == f["feature_id"] for f in shown):
        left_out.add("feature_id")
    columns = tuple(c for c in _columns(manner) if c.name not in left_out)
    name = source.names.words(row["contrast"])
    return Table(
        f"contrasts-top-{manner.slug}-{row['place']}",
        f"Top {manner.noun}s of {name} in {manner.analysis}",
        f"Found: {row['n_found']:,} of {row['n_tested']:,} ({threshold_words(row)}). "
        f"{_reached_words(manner, features, rows.num_rows)} {compared_words(source, row)}.",
        columns,
        rows,
        own_words_only(source, features_query(manner, row)),
        Reach(
            features,
            row["place"],
            positions[: rows.num_rows],
            {c.name: _REACHED[c.name] for c in columns if c.name in _REACHED},
            _lost_words(manner, features),
            own_words_only(source, _wanted_query(manner)),
        ),
    )


def _columns(manner: Manner) -> list[Column]:
    return [
        Column("feature_id", _ID[manner.kind.name]),
        Column("genes", "Measure" if manner.kind.name == CONTINUOUS else "Gene"),
        Column("log_fc", f"Change ({manner.unit})", "number"),
        Column("ci_low", "95 % from", "number"),
        Column("ci_high", "95 % to", "number"),
        Column("delta_beta", "Delta beta", "number"),
        Column("p_value", "P", "p"),
        Column("adj_p_value", "Adjusted P", "p"),
        Column("ave_expr", f"Mean level ({manner.unit})", "number"),
    ]


def _reached_words(manner: Manner, features: Features, n_shown: int) -> str:
    """Say what a search reaches."""
    if features.n <= n_shown:
        return ""
    if features.is_whole:
        said = f"Search reaches all {features.n:,} {manner.noun}s tested in {manner.analysis}"
    else:
        said = f"Search reaches {_part_words(manner, features)}; the rest is in SQL"
    return f"{said}. Intervals stand with the first {n_shown}."


def _part_words(manner: Manner, features: Features) -> str:
    """Say which of the features are in the page."""
    counts = f"{features.n:,} of {features.n_tested:,} {manner.noun}s"
    if features.n < features.n_found:
        return (
            f"{counts}: the strongest of the {features.n_found:,} found in any contrast of "
            f"{manner.analysis}"
        )
    return (
        f"{counts}: the {features.n_found:,} found in any contrast of {manner.analysis} and those "
        "with the smallest P"
    )


def _lost_words(manner: Manner, features: Features) -> str:
    if features.is_whole:
        return (
            f"No {manner.noun} tested in {manner.analysis} has that in its name or id; all "
            f"{features.n:,} were searched. In the warehouse:"
        )
    return (
        f"Not in this page, which has {_part_words(manner, features)}. The rest is in the "
        "warehouse:"
    )


def features_query(manner: Manner, row: Row) -> str:
    """Return the SQL of all features of a contrast, the smallest P first."""
    chosen = (
        f"where r.analysis = {literal(manner.analysis)}\n"
        f"    and r.contrast = {literal(row['contrast'])}\n"
        "order by r.p_value nulls last, r.feature_id"
    )
    if manner.kind.name == CONTINUOUS:
        return (
            "select m.measure_name, m.transformed_unit, r.* from fct_contrast_result as r\n"
            "inner join dim_contrast as d on d.analysis = r.analysis and d.contrast = r.contrast\n"
            "left join dim_measure as m on m.assay = d.assay and m.feature_id = r.feature_id\n"
            f"{chosen}"
        )
    if not manner.of_probes:
        return (
            "select g.gene_name, r.* from fct_contrast_result as r\n"
            f"left join dim_gene as g on g.gene_id = r.feature_id\n{chosen}"
        )
    return (
        "select p.chromosome, p.position, r.* from fct_contrast_result as r\n"
        f"left join dim_probe as p on p.probe_id = r.feature_id\n{chosen}"
    )


def _wanted_query(manner: Manner) -> str:
    """Return SQL that looks for a feature by id or name in all contrasts; `$wanted` is typed."""
    named = {
        COUNTS: "dim_gene where contains(lower(gene_name), '$wanted')",
        BETA: "bridge_probe_gene where contains(lower(gene_name), '$wanted')",
        CONTINUOUS: "dim_measure where contains(lower(measure_name), '$wanted')",
    }[manner.kind.name]
    key = {COUNTS: "gene_id", BETA: "probe_id", CONTINUOUS: "feature_id"}[manner.kind.name]
    return (
        "select contrast, feature_id, log_fc, p_value, adj_p_value from fct_contrast_result\n"
        f"where analysis = {literal(manner.analysis)} and (\n"
        "    contains(lower(feature_id), '$wanted')\n"
        f"    or feature_id in (select {key} from {named})\n"
        ")\norder by p_value nulls last, feature_id, contrast"
    )
