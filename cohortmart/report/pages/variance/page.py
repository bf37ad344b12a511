"""Page of the variance: how bound to the person features are, and to what else."""

from __future__ import annotations

from typing import Any

from cohortmart.core.study.kinds import Kind, kind_of_values
from cohortmart.core.text import capital
from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.blocks import Block, Column, Figure, Page, Section, Table, Text
from cohortmart.report.figures.variance_shares import variance_shares
from cohortmart.report.naming import slugs
from cohortmart.report.source import Source

LEAD = "Which share of a feature's variance goes with each variable, and with the {person}."
_SPREAD = """
    select variable, any_value(variable_order) as variable_order,
        100 * quantile_cont(share, 0.05) as p5, 100 * quantile_cont(share, 0.25) as p25,
        100 * quantile_cont(share, 0.5) as p50, 100 * quantile_cont(share, 0.75) as p75,
        100 * quantile_cont(share, 0.95) as p95, 100 * avg(share) as mean,
        count(share) as n_features
    from fct_variance_part
    where analysis = $analysis
    group by variable
    having count(share) > 0
    order by variable_order
"""
_PEOPLE = """
    select
        count(subject_share) as n_told, count(*) as n_features,
        100 * median(subject_share) as median_share,
        count(*) filter (where subject_share > 0.5) as n_most,
        count(*) filter (where subject_share_low > 0) as n_bound, any_value(fault) as fault
    from fct_feature_variance
    where analysis = $analysis
"""
_BOUND = """select
    feature_name, feature_id, 100 * subject_share as share,
    100 * subject_share_low as share_low, 100 * subject_share_high as share_high
from fct_feature_variance
where analysis = {analysis} and subject_share is not null
order by subject_share desc, feature_id{limit}"""


def variance_page(source: Source) -> Page:
    """Return the page: how the shares are spread, and the features most bound to the person."""
    lead = LEAD.format(person=source.subject.one)
    sections = []
    if source.has_rows("fct_variance_part"):
        for analysis, slug in slugs(source.analyses, source.names.words).items():
            spread = source.rows(_SPREAD, {"analysis": analysis})
            if spread:
                blocks = tuple(_blocks(source, analysis, slug, spread))
                sections.append(Section(f"Variance: {analysis}", blocks))
    return Page("variance", "Variance", lead, tuple(sections))


def _blocks(source: Source, analysis: str, slug: str, spread: list[dict[str, Any]]) -> list[Block]:
    kind = _kind(source, analysis)
    (people,) = source.rows(_PEOPLE, {"analysis": analysis})
    found = Text(_found(source, people, kind), "finding")
    blocks: list[Block] = [found, _figure(source, analysis, slug, spread, kind)]
    if people["n_told"]:
        blocks.append(_bound(source, analysis, slug, kind))
    return blocks


def _kind(source: Source, analysis: str) -> Kind:
    (of,) = source.rows(
        "select any_value(values_used) as used from dim_contrast where analysis = ?", [analysis]
    )
    return kind_of_values(of["used"])


def _found(source: Source, people: dict[str, Any], kind: Kind) -> str:
    """Say how much lies between people; where nothing can be said, why."""
    if not people["n_told"]:
        return f"How bound to the {source.subject.one} is not known: {people['fault']}."
    return (
        f"In the {kind.shown} in the middle {people['median_share']:.0f} % of the variance beside "
        f"the model lies between {source.subject.many}; in {people['n_most']:,} of "
        f"{people['n_told']:,} it is more than half, and in {people['n_bound']:,} its interval "
        "lies above 0."
    )


def _figure(
    source: Source, analysis: str, slug: str, spread: list[dict[str, Any]], kind: Kind
) -> Figure:
    largest = max(spread, key=lambda row: row["p50"])
    name = f"variance-shares-{slug}"
    n = max(row["n_features"] for row in spread)
    return Figure(
        name=name,
        title=f"What the variance goes with: {analysis}",
        caption=f"{n:,} {kind.many_shown}. Line: 5 to 95 % of them; bar: half; mark: median.",
        alt=(
            f"Shares of the variance for {len(spread)} variables. The largest median is that of "
            f"{largest['variable']}, {largest['p50']:.0f} %."
        ),
        spec=variance_shares(kind.many_shown, len(spread)),
        data={"shares": source.table(_SPREAD, {"analysis": analysis})},
    )


def _bound(source: Source, analysis: str, slug: str, kind: Kind) -> Table:
    n = source.detail.top_features
    query = _BOUND.format(analysis=literal(analysis), limit="")
    return Table(
        f"variance-bound-{slug}",
        f"{capital(kind.many_shown)} most bound to the {source.subject.one}: {analysis}",
        f"The {n} with the largest share.",
        (
            Column("feature_name", "Name"),
            Column("feature_id", "Feature"),
            Column("share", f"Between {source.subject.many} (%)", "number"),
            Column("share_low", "95 % from", "number"),
            Column("share_high", "to", "number"),
        ),
        source.table(_BOUND.format(analysis=literal(analysis), limit=f"\nlimit {n}")),
        query,
    )
