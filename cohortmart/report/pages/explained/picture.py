"""Picture of explained changes: what remains of each change, against the whole."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.text import joined
from cohortmart.report.blocks import Figure
from cohortmart.report.figures.remaining_changes import remaining_changes
from cohortmart.report.pages.explained.words import Parted
from cohortmart.report.source import Source

#: Contrasts that are drawn, and features of each: those with the smallest P.
_CONTRASTS, _POINTS = 6, 400
_CHOSEN = """
    select s.contrast, row_number() over (order by s.n_found desc, s.contrast) as contrast_order,
        s.n_found, count(*) over () as n_contrasts
    from explained_summary as s
    where s.analysis = $analysis
    order by contrast_order
    limit $most
"""
_DRAWN = """
    with chosen as ({chosen}),
    placed as (
        select
            c.contrast_order, e.contrast, e.feature_id, e.total, e.remaining, e.share_explained,
            case
                when e.adj_p_remaining < 5e-2 and e.adj_p_explained < 5e-2 then 'both'
                when e.adj_p_remaining < 5e-2 then 'a change remains'
                when e.adj_p_explained < 5e-2 then 'explained'
                else 'neither is sure'
            end as reading,
            row_number() over (
                partition by e.contrast
                order by least(e.p_explained, e.p_remaining), e.feature_id
            ) as place
        from explained_change as e
        inner join chosen as c on e.contrast = c.contrast
        where e.analysis = $analysis and e.remaining is not null
            and (e.is_found or c.n_found = 0)
    )
    select contrast, contrast_order, feature_id, total, remaining, share_explained, reading
    from placed
    where place <= $points
    order by contrast_order, place
"""
_POINTS_SQL = """
    select
        'point' as part, d.contrast, d.contrast_order,
        case when n.gene_name is null or n.gene_name = d.feature_id then d.feature_id
            else n.gene_name || ', ' || d.feature_id end as feature,
        d.total, d.remaining, d.share_explained, d.reading
    from drawn as d
    left join ({names}) as n on d.feature_id = n.feature_id
    order by d.contrast_order, d.feature_id
"""
_LINES = """
    select distinct 'line' as part, contrast, contrast_order, kind, -size as x, size as x2,
        case when kind = 'nothing explained' then -size else 0e0 end as y,
        case when kind = 'nothing explained' then size else 0e0 end as y2
    from (
        select contrast, contrast_order,
            max(greatest(abs(total), abs(remaining))) over () as size
        from drawn
    )
    cross join (values ('nothing explained'), ('all explained')) as lines(kind)
    order by contrast_order, kind
"""


def parts_figure(source: Source, parted: Parted) -> Figure | None:
    """Return the scatter, None where no change could be parted."""
    chosen = source.rows(_CHOSEN, {"analysis": parted.analysis, "most": _CONTRASTS})
    source.con.execute("drop table if exists drawn")
    source.con.execute(
        f"create temp table drawn as {_DRAWN.format(chosen=_CHOSEN)}",
        {"analysis": parted.analysis, "most": _CONTRASTS, "points": _POINTS},
    )
    points = source.table(
        _POINTS_SQL.format(names=parted.names_sql("(select feature_id from drawn)"))
    )
    if points.num_rows == 0:
        return None
    first = chosen[0]
    of_first = points.filter(pc.equal(points["contrast"], first["contrast"]))["reading"].to_pylist()
    near = of_first.count("explained")
    remain = of_first.count("a change remains") + of_first.count("both")
    some = (
        f"The {len(chosen)} contrasts with most found, of {first['n_contrasts']:,}. "
        if first["n_contrasts"] > len(chosen)
        else ""
    )
    none = [c["contrast"] for c in chosen if c["n_found"] == 0]
    which = f"Nothing is found in {joined(none)}: the smallest P are drawn. " if none else ""
    changes = pa.concat_tables([points, source.table(_LINES)], promote_options="default")
    readings = sorted(set(points["reading"].to_pylist()))
    return Figure(
        name=f"explained-parts-{parted.slug}",
        title=f"What remains of each change: {parted.analysis}",
        caption=(f"{which}{some}{parted.people}"),
        alt=(
            f"A scatter of {len(of_first):,} {parted.nouns} for {first['contrast']}: {near:,} lie "
            f"near the level line, their change being explained, and in {remain:,} a change "
            f"remains. {len(chosen)} contrasts side by side."
        ),
        spec=remaining_changes(readings, parted.unit, parted.noun),
        data={"changes": changes},
        fit="columns",
        cell_width=300,
    )
