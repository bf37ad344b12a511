"""Tables of the page on rebound: a row a group, and the features that rebound most clearly."""

from __future__ import annotations

from collections.abc import Sequence

from cohortmart.core.study.kinds import CONTINUOUS
from cohortmart.core.warehouse.quoting import literal, literals
from cohortmart.report.blocks import Column, Table
from cohortmart.report.pages.rebound.names import in_list, names_sql
from cohortmart.report.pages.rebound.pairs import SUMMARY_SQL, ReboundPair
from cohortmart.report.pages.rebound.words import people
from cohortmart.report.source import Source

#: The interval has the quantile of the first contrast's own interval: they share their df.
_TOP = """with top as (
    select *
    from rebound
    where {where}
        and class in ('up-down', 'down-up') and adj_p_rebound is not null
    order by adj_p_rebound, p_rebound, feature_id, study_group{limit}
),
quantiles as (
    select contrast, feature_id, (ci_high - ci_low) / (2 * nullif(se, 0)) as q
    from fct_contrast_result
    where analysis = {analysis} and contrast in {firsts}
        and feature_id in (select feature_id from top)
),
names as (
    {names}
)
select
    top.study_group, names.gene_name, top.feature_id, top.class,
    case when top.is_found then 'yes' else 'no' end as found,
    top.log_fc_first, top.log_fc_second,{betas}
    top.p_rebound, top.adj_p_rebound, top.amplitude,
    top.amplitude - q * top.amplitude_se as amplitude_low,
    top.amplitude + q * top.amplitude_se as amplitude_high,
    top.recovery_percent
from top
left join quantiles
    on top.first_contrast = quantiles.contrast and top.feature_id = quantiles.feature_id
left join names on top.feature_id = names.feature_id
order by top.adj_p_rebound, top.p_rebound, top.feature_id, top.study_group"""
_BETAS = "\n    top.delta_beta_first, top.delta_beta_second,"


def summary_table(source: Source) -> Table:
    """Return all pairs and groups with their numbers and correlations."""
    query = (
        f"{SUMMARY_SQL}\norder by list_position({literals(source.analyses)}, s.analysis), s.pair,\n"
        f"    list_position({literals(source.groups)}, s.study_group) nulls last, s.first_contrast"
    )
    rows = source.table(query)
    by_paper = "paper" in rows["preset"].to_pylist()
    return Table(
        "rebound-summary",
        "Rebounds in numbers",
        _PAPER if by_paper else "",
        (
            Column("analysis", "Analysis"),
            Column("pair", "Changes (first/second)"),
            *((Column("study_group", "Group"),) if source.has_groups else ()),
            Column("n_tested", "Features tested", "integer"),
            Column("n_up_down", "Found: up then down", "integer"),
            Column("n_down_up", "Found: down then up", "integer"),
            *(
                (
                    Column("n_default", "By default rule", "integer"),
                    Column("n_paper", "By paper's rule", "integer"),
                )
                if by_paper
                else ()
            ),
            Column("r", "r", "number"),
            Column("r_no_effect", "r by chance", "number"),
            Column("no_effect_low", "95 % of chance from", "number"),
            Column("no_effect_high", "to", "number"),
            Column("p_value", "P of r", "p"),
            Column("reading", "r is"),
            Column("r_biological", "Biological r", "number"),
            Column("r_biological_ci_low", "95 % from", "number"),
            Column("r_biological_ci_high", "to", "number"),
        ),
        rows,
        query,
    )


_PAPER = (
    "The paper's rule counts P below the threshold in both changes, unadjusted and whatever their "
    "signs, as Zenere et al. 2023 did: far more, many of them by chance."
)


def top_table(source: Source, pair: ReboundPair) -> Table:
    """Return the features that rebound most clearly in any group."""
    n = source.detail.top_features
    noun = pair.noun
    return Table(
        f"rebound-top-{pair.slug}",
        f"{noun[0].upper()}{noun[1:]}s that rebound most clearly: {pair.analysis}, {pair.pair}",
        f"The {n} with the smallest adjusted P, found or not. {people(source, pair)}",
        tuple(_columns(source, pair)),
        source.table(_top_sql(pair, f"\n    limit {n}")),
        _top_sql(pair, ""),
    )


def _top_sql(pair: ReboundPair, limit: str) -> str:
    return _TOP.format(
        where=pair.where("rebound"),
        limit=limit,
        analysis=literal(pair.analysis),
        firsts=in_list(pair.firsts),
        names=names_sql(pair, "(select feature_id from top)"),
        betas=_BETAS if pair.is_beta else "",
    )


def _columns(source: Source, pair: ReboundPair) -> Sequence[Column]:
    unit = pair.unit
    first, second = pair.changes
    betas = (
        Column("delta_beta_first", f"{first} (beta)", "number"),
        Column("delta_beta_second", f"{second} (beta)", "number"),
    )
    return (
        *((Column("study_group", "Group"),) if source.has_groups else ()),
        Column("gene_name", "Measure" if pair.kind.name == CONTINUOUS else "Gene"),
        Column("feature_id", f"{pair.noun.capitalize()} id" if not pair.is_beta else "CpG"),
        Column("class", "Class"),
        Column("found", "Found"),
        Column("adj_p_rebound", "Adjusted P", "p"),
        Column("log_fc_first", f"{first} ({unit})", "number"),
        Column("log_fc_second", f"{second} ({unit})", "number"),
        *(betas if pair.is_beta else ()),
        Column("amplitude", f"Amplitude ({unit})", "number"),
        Column("amplitude_low", "95 % from", "number"),
        Column("amplitude_high", "to", "number"),
        Column("recovery_percent", "Recovery (%)", "number"),
        Column("p_rebound", "P of a rebound", "p"),
    )
