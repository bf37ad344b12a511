"""SQL that draws every feature of every contrast as a dot: the paths of the files' pictures."""

from __future__ import annotations

from cohortmart.report.figures.cloud_file import PLOTS
from cohortmart.report.pages.contrasts.sql import DIRECTION, height

_SIZES = ", ".join(f"({width}, {across}, {down})" for width, (across, down) in PLOTS.items())

#: A row for each picture, width and direction, with the dots as an SVG path in half pixels.
#: Dots that fall on each other are one. Takes $analysis.
PATHS = f"""
with sizes (width, across, down) as (
    values {_SIZES}
),

features as (
    select
        f.place, f.reach, f.top, f.m_from, f.m_to, r.log_fc, r.ave_expr,
        {height("r.p_value")} as height,
{DIRECTION}
    from fct_contrast_result as r
    inner join contrast_frame as f on f.contrast = r.contrast
    where
        r.analysis = $analysis and r.p_value is not null and isfinite(r.log_fc) and f.in_page
),

shares as (
    select
        'volcano' as picture, place, direction,
        (log_fc + reach) / (2 * reach) as x, 1 - height / top as y
    from features
    union all
    select
        'mean-difference' as picture, place, direction,
        (ave_expr - m_from) / (m_to - m_from) as x, (reach - log_fc) / (2 * reach) as y
    from features
    where ave_expr is not null
),

dots as (
    select distinct
        s.picture, s.place, s.direction, z.width,
        cast(round(2 * z.across * s.x) as integer) as x,
        cast(round(2 * z.down * s.y) as integer) as y
    from shares as s
    cross join sizes as z
)

select
    picture, place, width, direction,
    string_agg('M' || x || ' ' || y || 'h0', '' order by x, y) as path
from dots
group by picture, place, width, direction
order by picture, place, width, direction
"""
