"""Tracks of the strongest regions: which are drawn, their CpGs, genes and islands."""

from __future__ import annotations

from typing import Any

from cohortmart.core.text import counted
from cohortmart.report.blocks import Figure
from cohortmart.report.figures.region_tracks import CHANGES, region_tracks
from cohortmart.report.source import Source
from cohortmart.report.units import unit_of

#: Regions that are drawn, and bases shown beside each.
_DRAWN, _BESIDE = 6, 600
_STRONGEST = """
    select contrast, region_id, chromosome, start_position, end_position, n_probes, gene_names,
        adj_p_value
    from dmr
    where analysis = ? and adj_p_value <= 5e-2
    order by p_value, region_id, contrast
    limit 500
"""
_CPGS = """
    select
        'cpg' as part, d.panel, d.panel_order, p.probe_id as probe, p.position as x, c.change,
        c.contrast, r.log_fc as estimate, r.ci_low as low, r.ci_high as high,
        case when p.position between d.start_position and d.end_position then 'in the region'
            else 'beside it' end as "where"
    from drawn_regions as d
    inner join dim_probe as p
        on d.chromosome = p.chromosome
        and p.position between d.start_position - $beside and d.end_position + $beside
    inner join (
        select panel_order, contrast, 'the contrast' as change from drawn_regions
        union all
        select panel_order, second, 'what follows' from drawn_regions where second is not null
    ) as c on d.panel_order = c.panel_order
    inner join fct_contrast_result as r
        on r.analysis = $analysis and c.contrast = r.contrast and p.probe_id = r.feature_id
    where r.log_fc is not null
    order by d.panel_order, p.position, p.probe_id, c.change
"""
_BANDS = """
    select 'region' as part, panel, panel_order, start_position as x, end_position as x2
    from drawn_regions order by panel_order
"""
#: A gene's part reaches from its first to its last CpG here; one CpG alone is drawn 12 bases wide.
_GENES = """
    select 'gene' as part, c.panel, c.panel_order,
        min(c.x) - 6 as x, max(c.x) + 6 as x2, g.gene_name as name,
        case when g.region in ('TSS200', 'TSS1500') then 'promoter'
            else 'elsewhere in the gene' end as strip
    from (select distinct panel, panel_order, probe, x from ({cpgs})) as c
    inner join bridge_probe_gene as g on c.probe = g.probe_id
    where g.gene_name is not null and g.region is not null
    group by all
    order by c.panel_order, strip, name
"""
_ISLANDS = """
    select distinct 'island' as part, c.panel, c.panel_order,
        greatest(split_part(split_part(p.island_name, ':', 2), '-', 1)::bigint, c.low) as x,
        least(split_part(split_part(p.island_name, ':', 2), '-', 2)::bigint, c.high) as x2,
        p.island_name as name, 'CpG island' as strip
    from (
        select panel, panel_order, probe, min(x) over (partition by panel_order) - 6 as low,
            max(x) over (partition by panel_order) + 6 as high
        from ({cpgs})
    ) as c
    inner join dim_probe as p on c.probe = p.probe_id
    where regexp_matches(p.island_name, '^[^:]+:[0-9]+-[0-9]+$')
        and split_part(split_part(p.island_name, ':', 2), '-', 1)::bigint <= c.high
        and split_part(split_part(p.island_name, ':', 2), '-', 2)::bigint >= c.low
    order by c.panel_order, x
"""


def tracks_figure(source: Source, analysis: str, slug: str, people: str) -> Figure | None:
    """Return the tracks of the strongest regions of an analysis, None where none is found.

    Parameters
    ----------
    source : Source
    analysis, slug : str
        Its name, and that name as a part of file names.
    people : str
        On whom it rests.
    """
    drawn = _drawn(source, analysis)
    if not drawn:
        return None
    rows = _rows(source, analysis, drawn)
    changes = {r["change"] for r in rows if r["part"] == "cpg"}
    parts = {r["strip"] for r in rows if r["part"] in ("gene", "island")}
    unit = unit_of(source, analysis, _values_used(source, analysis))
    first = drawn[0]
    beside = {r["where"] for r in rows if r["part"] == "cpg"} == {"in the region", "beside it"}
    paler = "; paler, the CpGs beside it" if beside else ""
    second = " Squares are the change that follows." if len(changes) == len(CHANGES) else ""
    return Figure(
        name=f"regions-tracks-{slug}",
        title=f"The strongest regions: {analysis}",
        caption=(f"CpGs with 95 % intervals; shaded, the region{paler}.{second} {people}"),
        alt=(
            f"{counted(len(drawn), 'panel')}, a region each. The strongest is "
            f"{first['region_id']} in {first['contrast']}: {first['n_probes']} CpGs side by side "
            "change the same way."
        ),
        spec=region_tracks(sorted(changes), sorted(parts), unit),
        data={"tracks": source.table("select * from track_rows")},
        fit="columns",
        cell_width=350,
    )


def _values_used(source: Source, analysis: str) -> str:
    (row,) = source.rows(
        "select any_value(values_used) as used from dim_contrast where analysis = ?", [analysis]
    )
    return str(row["used"])


def _drawn(source: Source, analysis: str) -> list[dict[str, Any]]:
    """Return the strongest regions, each place once: in the contrast where it is strongest."""
    drawn: list[dict[str, Any]] = []
    for row in source.rows(_STRONGEST, [analysis]):
        if len(drawn) < _DRAWN and not any(_overlap(row, other) for other in drawn):
            drawn.append(row)
    following: dict[str, str] = {}
    if source.has_rows("dim_rebound_pair"):
        pairs = "select first_contrast, second_contrast from dim_rebound_pair where analysis = ?"
        for pair in source.rows(pairs, [analysis]):
            following.setdefault(pair["first_contrast"], pair["second_contrast"])
    for order, row in enumerate(drawn):
        gene = f"{row['gene_names'].replace(';', ', ')}, " if row["gene_names"] else ""
        row["panel"] = f"{gene}{row['region_id']}, {row['contrast']}"
        row["panel_order"], row["second"] = order, following.get(row["contrast"])
    return drawn


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(
        one["chromosome"] == other["chromosome"]
        and one["start_position"] <= other["end_position"]
        and other["start_position"] <= one["end_position"]
    )


def _rows(source: Source, analysis: str, drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make the table of all that is drawn."""
    con = source.con
    con.execute("drop table if exists drawn_regions")
    con.execute(
        "create temp table drawn_regions (panel varchar, panel_order integer, contrast varchar,"
        " second varchar, chromosome varchar, start_position bigint, end_position bigint)"
    )
    names = ("panel", "panel_order", "contrast", "second", "chromosome", "start_position",
             "end_position")  # fmt: skip
    con.executemany(
        "insert into drawn_regions values (?, ?, ?, ?, ?, ?, ?)",
        [[row[n] for n in names] for row in drawn],
    )
    con.execute("drop table if exists track_cpgs")
    con.execute(
        f"create temp table track_cpgs as {_CPGS}", {"analysis": analysis, "beside": _BESIDE}
    )
    parts = ["select * from track_cpgs", _BANDS]
    if source.has_rows("bridge_probe_gene"):
        parts.append(_GENES.format(cpgs="select * from track_cpgs"))
    parts.append(_ISLANDS.format(cpgs="select * from track_cpgs"))
    con.execute("drop table if exists track_rows")
    con.execute(
        "create temp table track_rows as "
        + " union all by name ".join(f"select * from ({part})" for part in parts)
    )
    return source.rows("select * from track_rows")
