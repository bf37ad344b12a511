"""Picture of returns: what is left of each difference, against the difference at baseline."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.report.blocks import Figure
from cohortmart.report.figures.remaining_changes import RETURNED, remaining_changes
from cohortmart.report.pages.returns.words import Returned, compared
from cohortmart.report.source import Source

#: Visits that are drawn, and features of each: those with the smallest P at baseline.
_VISITS, _POINTS = 6, 600
_DRAWN = """
    with visits as (
        select return_name, to_mean, n_with_difference,
            row_number() over (order by return_name, visit_order) as contrast_order
        from return_summary
        where analysis = $analysis
    )
    select
        v.contrast_order, f.feature_id,
        case when f.feature_name is null or f.feature_name = f.feature_id then f.feature_id
            else f.feature_name || ', ' || f.feature_id end as feature,
        f.baseline_difference as total, f.difference as remaining,
        f.return_share as share_explained, f.state as reading
    from fct_return as f
    inner join visits as v on f.return_name = v.return_name and f.to_mean = v.to_mean
    where f.analysis = $analysis and f.is_bounded and v.contrast_order <= $most
    qualify row_number() over (
        partition by v.contrast_order
        order by f.adj_p_value >= 5e-2, f.p_baseline, f.feature_id
    ) <= $points
"""
_POINTS_SQL = """
    select 'point' as part, t.contrast, d.contrast_order, d.feature, d.total, d.remaining,
        d.share_explained, d.reading
    from drawn as d
    inner join titles as t on d.contrast_order = t.contrast_order
    order by d.contrast_order, d.feature_id
"""
_LINES = """
    select distinct 'line' as part, t.contrast, d.contrast_order, kind, -size as x, size as x2,
        case when kind = $none then -size else 0e0 end as y,
        case when kind = $none then size else 0e0 end as y2
    from (
        select contrast_order, max(greatest(abs(total), abs(remaining))) over () as size
        from drawn
    ) as d
    inner join titles as t on d.contrast_order = t.contrast_order
    cross join (values ($none), ($all)) as lines(kind)
    order by d.contrast_order, kind
"""


def differences_figure(source: Source, of: Returned) -> Figure | None:
    """Return the scatter, a cell a visit; None where no feature differs at baseline."""
    keys = {"analysis": of.analysis, "most": _VISITS, "points": _POINTS}
    source.con.execute("drop table if exists drawn")
    source.con.execute(f"create temp table drawn as {_DRAWN}", keys)
    shown = of.visits[:_VISITS]
    titles = pa.table(
        {
            "contrast": [compared(source, v) for v in shown],
            "contrast_order": pa.array(range(1, len(shown) + 1), pa.int64()),
        }
    )
    source.con.register("titles", titles)
    points = source.table(_POINTS_SQL)
    lines = source.table(_LINES, {"none": RETURNED.none, "all": RETURNED.all})
    source.con.unregister("titles")
    if points.num_rows == 0:
        return None
    of_more = max(v["n_with_difference"] for v in shown) > _POINTS
    which = (
        f"Those that return, then those that differ most clearly: at most {_POINTS} a panel. "
        if of_more
        else ""
    )
    some = "" if len(of.visits) == len(shown) else f"The first {_VISITS} of {len(of.visits)}. "
    alt = " ".join(
        f"{compared(source, v)}: of {v['n_with_difference']:,} {of.nouns} with a difference "
        f"{v['n_found']:,} return."
        for v in shown
    )
    return Figure(
        name=f"returns-differences-{of.slug}",
        title=f"What is left of each difference: {of.analysis}",
        caption=f"{which}{some}{of.people}",
        alt=alt,
        spec=remaining_changes(
            sorted(set(points["reading"].to_pylist())), of.unit, of.noun, RETURNED
        ),
        data={"changes": pa.concat_tables([points, lines], promote_options="default")},
        fit="columns",
        cell_width=300,
    )
