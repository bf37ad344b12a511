"""Tables of explained changes: the variables, the contrasts in numbers, single features."""

from __future__ import annotations

from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.blocks import Column, Table
from cohortmart.report.pages.explained.words import Parted
from cohortmart.report.source import Source

_VARIABLES = """select contrast, variable, change, ci_low, ci_high, p_value, n_samples, n_subjects
from explained_variable
where analysis = {analysis}
order by contrast, variable"""
_SUMMARY = """select
    contrast, n_features, n_found, n_explained, n_mostly_explained, n_remaining,
    100 * median_share as median_percent, max_beside_log_fc
from explained_summary
where analysis = {analysis}
order by n_found desc, contrast"""
_FEATURES = """with top as (
    select *
    from explained_change
    where analysis = {analysis} and is_found and explained is not null
    order by least(p_explained, p_remaining), feature_id, contrast{limit}
),
intervals as (
    select contrast, feature_id, part, ci_low, ci_high
    from fct_explained
    where analysis = {analysis} and part in ('explained', 'remaining')
        and feature_id in (select feature_id from top)
),
names as (
    {names}
)
select
    names.gene_name, top.feature_id, top.contrast, top.total,
    100 * top.share_explained as percent_explained,
    top.explained, e.ci_low as explained_low, e.ci_high as explained_high, top.adj_p_explained,
    top.remaining, r.ci_low as remaining_low, r.ci_high as remaining_high, top.adj_p_remaining
from top
left join names on top.feature_id = names.feature_id
left join intervals as e
    on top.contrast = e.contrast and top.feature_id = e.feature_id and e.part = 'explained'
left join intervals as r
    on top.contrast = r.contrast and top.feature_id = r.feature_id and r.part = 'remaining'
order by least(top.p_explained, top.p_remaining), top.feature_id, top.contrast"""


def variables_table(source: Source, parted: Parted) -> Table:
    """Return how each variable itself changes in each contrast."""
    query = _VARIABLES.format(analysis=literal(parted.analysis))
    return Table(
        f"explained-variables-{parted.slug}",
        f"How the variables change: {parted.analysis}",
        "",
        (
            Column("contrast", "Contrast"),
            Column("variable", "Variable"),
            Column("change", "Change", "number"),
            Column("ci_low", "95 % from", "number"),
            Column("ci_high", "to", "number"),
            Column("p_value", "P", "p"),
            Column("n_samples", "Samples", "integer"),
            Column("n_subjects", f"{source.subject.title} with several", "integer"),
        ),
        source.table(query),
        query,
    )


def summary_table(source: Source, parted: Parted) -> Table:
    """Return how much is explained in each contrast."""
    query = _SUMMARY.format(analysis=literal(parted.analysis))
    return Table(
        f"explained-contrasts-{parted.slug}",
        f"Explained and remaining changes in numbers: {parted.analysis}",
        "",
        (
            Column("contrast", "Contrast"),
            Column("n_features", f"{parted.title} parted", "integer"),
            Column("n_found", "Found", "integer"),
            Column("n_explained", "Explained in part", "integer"),
            Column("n_mostly_explained", "Mostly explained", "integer"),
            Column("n_remaining", "A change remains", "integer"),
            Column("median_percent", "Explained of the change, median (%)", "number"),
            Column("max_beside_log_fc", f"Largest difference ({parted.unit})", "number"),
        ),
        source.table(query),
        query,
    )


def features_table(source: Source, parted: Parted) -> Table:
    """Return the found features whose parts are told from 0 most clearly."""

    def query(limit: str) -> str:
        return _FEATURES.format(
            analysis=literal(parted.analysis),
            limit=limit,
            names=parted.names_sql("(select feature_id from top)"),
        )

    n = source.detail.top_features
    unit = parted.unit
    return Table(
        f"explained-features-{parted.slug}",
        f"{parted.title} whose change is explained, or remains: {parted.analysis}",
        f"The {n} with the smallest P of either part. {parted.people}",
        (
            Column("gene_name", "Name"),
            Column("feature_id", "Feature"),
            Column("contrast", "Contrast"),
            Column("total", f"Total ({unit})", "number"),
            Column("percent_explained", "Explained (%)", "number"),
            Column("explained", "Explained", "number"),
            Column("explained_low", "95 % from", "number"),
            Column("explained_high", "to", "number"),
            Column("adj_p_explained", "Adjusted P of explained", "p"),
            Column("remaining", "Remaining", "number"),
            Column("remaining_low", "95 % from", "number"),
            Column("remaining_high", "to", "number"),
            Column("adj_p_remaining", "Adjusted P of remaining", "p"),
        ),
        source.table(query(f"\n    limit {n}")),
        query(""),
    )
