"""Clouds of a contrast, drawn by the report: what is found follows the thresholds of the page."""

from __future__ import annotations

from dataclasses import replace
from math import log10
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.contrast.held import PLACES, Held
from cohortmart.explore.answers.contrast.limits import DIRECTION, IS_FOUND, LIMITS, Limits
from cohortmart.explore.answers.contrast.names import with_names
from cohortmart.explore.answers.contrast.rows import Counts, limit_params
from cohortmart.explore.answers.contrast.wished import ContrastMeant
from cohortmart.report.blocks import Beside, Features, Figure
from cohortmart.report.pages.contrasts.clouds import (
    MOST_DOTS,
    Clouds,
    feature_name,
    mean_difference_figure,
    volcano_figure,
)
from cohortmart.report.pages.contrasts.scan import POINTS, Scan
from cohortmart.report.pages.contrasts.sql import height
from cohortmart.report.pages.contrasts.words import Row

#: What is found in each square; of the others, those that are left of all.
_FOUND = f"""
select {DIRECTION} as direction, {PLACES}, count(*) as n
from {{table}} as r
cross join {LIMITS}
where {IS_FOUND}
group by all
"""
_PARTS = f"""
with found as ({_FOUND}),

parts as (
    select 'volcano' as picture, direction, x as i, y as j, sum(n) as n from found group by all
    union all
    select 'mean-difference', direction, m, x, sum(n) from found where m is not null group by all
),

squares as (
    select
        a.picture, 'neither' as direction, a.i, a.j, a.n - coalesce(sum(p.n), 0) as n
    from all_squares as a
    left join parts as p on p.picture = a.picture and p.i = a.i and p.j = a.j
    group by a.picture, a.i, a.j, a.n
    union all
    select picture, direction, i, j, n from parts
)

select
    picture, 1 as place, direction, i, j, cast(n as bigint) as n,
    round(n * 1e0 / sum(n) over (partition by picture, i, j), 2) as share
from squares
where n > 0
order by picture, direction, i, j
"""
_STRONGEST = f"""
select
    r.feature_id, r.log_fc, r.ave_expr, r.p_value, r.adj_p_value,
    {height("r.p_value")} as height, {DIRECTION} as direction
from {{table}} as r
cross join {LIMITS}
where r.p_value <= $p_top
order by r.p_value, abs(r.log_fc / r.half) desc nulls last, r.feature_id
limit $top
"""
#: The largest P value that passes the adjusted threshold: there the line of the volcano lies.
_LINE = "select max(p_value) as p from {table} where adj_p_value < $adj_p"


def cloud_figures(
    asked: Asked, meant: ContrastMeant, found: Held, limits: Limits, counts: Counts
) -> Beside | Figure | None:
    """Return the volcano and mean-difference plots; None where there is nothing to draw.

    Parameters
    ----------
    asked : Asked
    meant : ContrastMeant
    found : Held
        Its numbers.
    limits : Limits
        What counts as found.
    counts : Counts
        How many are.
    """
    if found.frame is None:
        return None
    row = _row(asked, meant, found, limits, counts)
    n = counts.n
    chosen = {"top": n, "p_top": 1.0} if n <= MOST_DOTS else {"top": POINTS, "p_top": row["p_top"]}
    drawn = asked.table(_STRONGEST.format(table=found.table), limit_params(limits) | chosen)
    points = with_names(asked, meant, found.names, drawn)
    squares = _squares(asked, found, row, limits)
    strongest = points.slice(0, POINTS).append_column("place", pa.array([1] * min(n, POINTS)))
    # the dots themselves are put in below, each with its address
    clouds = Clouds(
        Scan([row], squares, strongest, 1), Features("all", n, n, 0, "", "", "", {}), {}
    )
    volcano = _led(volcano_figure(asked, meant.manner, clouds, row), points, "log_fc", "height")
    level = mean_difference_figure(asked, meant.manner, clouds, row)
    if level is None:
        return volcano
    return Beside((volcano, _led(level, points, "ave_expr", "log_fc")))


def _squares(asked: Asked, found: Held, row: Row, limits: Limits) -> pa.Table:
    """Return how many features lie in each square, by direction."""
    asked.con.register("all_squares", found.squares)
    try:
        return asked.table(
            _PARTS.format(table=found.table),
            limit_params(limits) | {name: row[name] for name in ("x_width", "y_width", "m_width")},
        )
    finally:
        asked.con.unregister("all_squares")


def _led(figure: Figure, points: pa.Table, x: str, y: str) -> Figure:
    """Return a cloud whose points lead to their features."""
    into = "features" if "features" in figure.data else "points"
    known = points.filter(pc.is_valid(points[x]))
    shown = pa.table(
        {
            "x": known[x].cast(pa.float64()),
            "y": known[y].cast(pa.float64()),
            "direction": known["direction"],
            "name": [
                feature_name(row) for row in known.select(["genes", "feature_id"]).to_pylist()
            ],
            "address": known["address"],
        }
    )
    return replace(figure, data={**figure.data, into: shown}, drawing=None, where="page")


def _row(
    asked: Asked, meant: ContrastMeant, found: Held, limits: Limits, counts: Counts
) -> dict[str, Any]:
    """Return what the report knows of a contrast, under the thresholds of the page."""
    frame: Row = found.frame or {}
    p_line = limits.p
    if limits.adj_p is not None:
        params = {"adj_p": limits.adj_p}
        passing = asked.rows(_LINE.format(table=found.table), params)[0]["p"]
        p_line = None if passing is None else min(x for x in (passing, limits.p) if x is not None)
    line = -log10(max(p_line, 1e-320)) if p_line else 0.0
    return {
        **frame, **meant.row, "place": 1, "p_line": p_line,
        "n_up": counts.up, "n_down": counts.down, "n_tested": counts.n,
        "threshold_p": limits.p, "threshold_adj_p": limits.adj_p,
        "threshold_delta_beta": limits.delta_beta, "threshold_log_fc": limits.log_fc,
        "reach": 1.1 * max(frame["x_max"], frame["x_width"], limits.log_fc or 0.0),
        "top": 1.14 * max(frame["y_max"], frame["y_width"], line),
    }  # fmt: skip
