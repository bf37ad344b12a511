"""Scatter of the contrasts with most pairs: changes of CpGs against those of their genes."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.report.blocks import Figure
from cohortmart.report.figures.paired_changes import paired_changes
from cohortmart.report.pages.methylation_expression.pairs import REGION
from cohortmart.report.source import Source

#: Cells of the scatter, and pairs from which on they are counted instead of drawn.
_CONTRASTS, _POINTS = 6, 3000
_DRAWN = "delta_beta is not null and expression_log_fc is not null"


def changes_figure(source: Source, analysis: str, number: int, people: str) -> Figure | None:
    """Return the changes of the contrasts with most pairs, None where no delta beta is known."""
    chosen = source.table(
        "select contrast, row_number() over (order by count(*) desc, contrast) as contrast_order,"
        " count(*) as n, count(*) over () as n_contrasts"
        f" from dmp_deg where analysis = ? and {_DRAWN} group by contrast"
        f" order by contrast_order limit {_CONTRASTS}",
        [analysis],
    ).to_pylist()
    if not chosen:
        return None
    shown = {"analysis": analysis, "contrasts": [row["contrast"] for row in chosen]}
    binned = sum(row["n"] for row in chosen) > _POINTS
    drawn = source.table(
        (_CELLS if binned else _POINTS_SQL).format(shown=_SHOWN, bins=source.detail.bins), shown
    )
    regions = () if binned else tuple(sorted(set(drawn["region"].to_pylist())))
    corners = source.table(_CORNERS_SQL.format(shown=_SHOWN), shown)
    pairs = pa.concat_tables([drawn, corners], promote_options="default")
    first = chosen[0]
    quadrants = {
        row["corner"]: int(row["n"])
        for row in corners.to_pylist()
        if row["contrast"] == first["contrast"]
    }
    opposite = quadrants["up-down"] + quadrants["down-up"]
    of_all = (
        f"The {len(chosen)} contrasts with most pairs, of {first['n_contrasts']:,}. "
        if first["n_contrasts"] > len(chosen)
        else ""
    )
    return Figure(
        name=f"methylation-expression-changes-{number}",
        title=f"Change in methylation against change in expression: {analysis}",
        caption=(f"{of_all}{people}").strip(),
        alt=(
            f"A scatter of {first['n']:,} pairs for {first['contrast']}: in {opposite:,} the CpG "
            f"and the gene go in opposite directions, in {first['n'] - opposite:,} in the same. "
            f"{len(chosen)} contrasts side by side."
        ),
        spec=paired_changes(regions, source.subject, binned=binned),
        data={"pairs": pairs},
        fit="columns",
        cell_width=300,
    )


_SHOWN = f"""
    select
        p.*, c.contrast_order
    from dmp_deg as p
    inner join (
        select
            unnest($contrasts) as contrast,
            unnest(range(1, len($contrasts) + 1)) as contrast_order
    ) as c
        on p.contrast = c.contrast
    where
        p.analysis = $analysis and {_DRAWN}
"""
_POINTS_SQL = f"""
with shown as ({{shown}})
select
    'point' as part, contrast, contrast_order, delta_beta as x, expression_log_fc as y,
    {REGION} as region, gene_name as gene, probe_id as probe, r_within, adj_p_within as adj_p
from shown
order by contrast_order, probe_id, gene_id
"""
_CELLS = """
with shown as ({shown}),
extent as (
    select
        greatest(max(abs(delta_beta)), 1e-9) * 2 / {bins} as width,
        greatest(max(abs(expression_log_fc)), 1e-9) * 2 / {bins} as height
    from shown
),
cell as (
    select
        contrast, contrast_order, any_value(width) as width, any_value(height) as height,
        floor(delta_beta / width) as i, floor(expression_log_fc / height) as j, count(*) as n
    from shown cross join extent
    group by all
)
select
    'cell' as part, contrast, contrast_order, i * width as x, (i + 1) * width as x2,
    j * height as y, (j + 1) * height as y2, n
from cell
order by contrast_order, i, j
"""
_CORNERS_SQL = """
with shown as ({shown}),
corner as (
    select
        unnest(['up-up', 'up-down', 'down-up', 'down-down']) as corner,
        unnest(['up', 'up', 'down', 'down']) as methylation,
        unnest(['up', 'down', 'up', 'down']) as expression
),
counted as (
    select
        contrast,
        case when delta_beta > 0 then 'up' else 'down' end
        || case when expression_log_fc > 0 then '-up' else '-down' end as corner,
        count(*) as n
    from shown group by all
),
contrasts as (select distinct contrast, contrast_order from shown)
select
    'corner' as part, c.contrast, c.contrast_order, q.corner, coalesce(n.n, 0) as n,
    'CpG ' || q.methylation || ',' || chr(10) || 'gene ' || q.expression || ':' || chr(10)
    || format('{{:,}}', coalesce(n.n, 0)) as label
from contrasts as c
cross join corner as q
left join counted as n on c.contrast = n.contrast and q.corner = n.corner
order by c.contrast_order, q.corner
"""
