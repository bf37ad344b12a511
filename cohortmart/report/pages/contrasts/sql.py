"""SQL over all contrasts of an analysis at once; it never fetches a feature table."""

from __future__ import annotations

from cohortmart.core.study.kinds import BETA, CONTINUOUS, COUNTS
from cohortmart.core.warehouse.macros import rendered

#: Bars of a histogram of P values: the first two are those below 0.05.
P_BARS = 40
#: Squares along an axis of a small picture, and how many such pictures a file shows.
SMALL_BINS, SMALL_PICTURES = 20, 30
#: Where P is zero in floating point, or too small to be told from it.
LARGEST_MINUS_LOG10_P = 320


def height(p: str) -> str:
    """Return the SQL of -log10 of a P value, cut where a number cannot be smaller."""
    return f"least({LARGEST_MINUS_LOG10_P}e0, -log10(greatest({p}, 1e-320)))"


#: Of a row `r` of the results and a row `f` of `contrast_frame`.
DIRECTION = f"""
        case
            when not coalesce({rendered("is_found", "r", "f.limits")}, false) then 'neither'
            when r.log_fc > 0 then 'up' else 'down'
        end as direction"""

#: Which contrasts are drawn: the first ones of every analysis, of each as many as there is room
#: for. Takes $analyses, $contrasts, $people (least number of people).
DRAWN = f"""
create or replace temp table drawn_contrast as
with placed as (
    select
        d.analysis, d.contrast, d.meaning, d.expression, d.n_samples, d.n_subjects,
        s.n_tested, s.n_found, s.n_up, s.n_down, s.n_p_05, s.min_adj_p_value,
        s.threshold_p, s.threshold_adj_p, s.threshold_delta_beta, s.threshold_log_fc,
        struct_pack(
            p := s.threshold_p, adj_p := s.threshold_adj_p,
            delta_beta := s.threshold_delta_beta, log_fc := s.threshold_log_fc
        ) as limits,
        list_position($analyses::varchar[], d.analysis) as analysis_place,
        row_number() over (
            partition by d.analysis order by d.contrast_order nulls last, d.contrast
        ) as place
    from dim_contrast as d
    inner join contrast_summary as s on s.analysis = d.analysis and s.contrast = d.contrast
    where s.n_tested > 0 and d.n_subjects >= $people
)
select
    *,
    row_number() over (order by place, analysis_place) <= $contrasts as in_page,
    row_number() over (partition by analysis order by place) <= {SMALL_PICTURES} as in_file
from placed
where analysis_place is not null
"""

#: How far the values of each contrast reach. Takes $analysis, $top, $bins.
#: A few extreme features would leave the rest in two or three squares: the width of a square
#: follows the range of all but `k - 1` features, and those beyond take squares further out.
FRAMES = f"""
create or replace temp table contrast_frame as
with limits as (
    select
        d.place,
        least(26, 1 + count(*) // 2000) as k,
        max(abs(r.log_fc)) as x_max,
        max(abs(r.log_fc), 26) as x_ends,
        min(r.p_value, $top) as p_ends,
        min(r.ave_expr) as m_min,
        max(r.ave_expr) as m_max,
        min(r.ave_expr, 26) as m_low_ends,
        max(r.ave_expr, 26) as m_high_ends,
        max(case when r.adj_p_value < d.threshold_adj_p then r.p_value end) as p_adjusted
    from fct_contrast_result as r
    inner join drawn_contrast as d on d.analysis = r.analysis and d.contrast = r.contrast
    where
        r.analysis = $analysis and r.p_value is not null and isfinite(r.log_fc)
        and (d.in_page or d.in_file)
    group by d.place
),

ranges as (
    select
        place, x_max, m_min, m_max, p_adjusted,
        p_ends[len(p_ends)] as p_top,
        {height("p_ends[1]")} as y_max,
        greatest({height("p_ends[k]")}, {height("p_ends[1]")} / 20, 1e-3) as y_range,
        greatest(x_ends[k], x_max / 10, 1e-9) as x_range,
        coalesce(m_low_ends[least(k, len(m_low_ends))], 0) as m_low,
        coalesce(m_high_ends[least(k, len(m_high_ends))], 1) as m_high
    from limits
),

shared as (
    select
        2 * max(r.x_range) / {SMALL_BINS} as small_x,
        max(r.y_range) / {SMALL_BINS} as small_y
    from ranges as r
    inner join drawn_contrast as d on d.analysis = $analysis and d.place = r.place
    where d.in_file
),

framed as (
    select
        d.*, s.*, r.x_max, r.y_max, r.m_min, r.m_max, r.p_top,
        2 * r.x_range / $bins as x_width,
        r.y_range / $bins as y_width,
        -- levels that are all the same have no range: the last ones keep the numbers small
        greatest(
            r.m_high - r.m_low, (r.m_max - r.m_min) / 10, 1e-6 * abs(r.m_max),
            1e-6 * abs(r.m_min), 1e-9
        ) / $bins as m_width,
        case
            when d.threshold_adj_p is null then d.threshold_p
            -- without a P that passes the adjusted threshold there is no line to draw
            when r.p_adjusted is not null then least(r.p_adjusted, d.threshold_p)
        end as p_line
    from ranges as r
    inner join drawn_contrast as d on d.analysis = $analysis and d.place = r.place
    cross join shared as s
)

select
    *,
    -- where the pictures end: changes from -reach to reach, heights from 0 to top
    1.1 * greatest(x_max, x_width, coalesce(threshold_log_fc, 0)) as reach,
    1.14 * greatest(y_max, y_width, coalesce({height("p_line")}, 0)) as top,
    m_min - greatest(0.03 * (m_max - m_min), m_width) as m_from,
    m_max + greatest(0.03 * (m_max - m_min), m_width) as m_to
from framed
"""

#: How many features lie in each square of each picture. Takes $analysis.
SQUARES = f"""
with features as (
    select
        f.place,
{DIRECTION},
        cast(floor(r.log_fc / f.x_width) as integer) as x,
        cast(floor({height("r.p_value")} / f.y_width) as integer) as y,
        cast(floor(r.ave_expr / f.m_width) as integer) as m,
        cast(least(floor(r.p_value * {P_BARS}), {P_BARS - 1}) as integer) as bar,
        cast(
            greatest(
                least(floor(r.log_fc / f.small_x), {SMALL_BINS // 2 - 1}),
                -{SMALL_BINS // 2}
            ) as integer
        ) as small_x,
        cast(
            least(floor({height("r.p_value")} / f.small_y), {SMALL_BINS - 1}) as integer
        ) as small_y
    from fct_contrast_result as r
    inner join contrast_frame as f on f.contrast = r.contrast
    where r.analysis = $analysis and r.p_value is not null and isfinite(r.log_fc)
),

counted as (
    select
        case
            when grouping(y) = 0 then 'volcano'
            when grouping(m) = 0 then 'mean-difference'
            when grouping(bar) = 0 then 'p'
            else 'small-volcano'
        end as picture,
        place, direction, x, y, m, bar, small_x, small_y, count(*) as n
    from features
    group by grouping sets (
        (place, direction, x, y), (place, direction, m, x), (place, bar),
        (place, direction, small_x, small_y)
    )
),

squares as (
    select
        picture, place, direction, n,
        case picture
            when 'volcano' then x
            when 'mean-difference' then m
            when 'p' then bar
            else small_x
        end as i,
        case picture
            when 'volcano' then y
            when 'mean-difference' then x
            when 'p' then 0
            else small_y
        end as j
    from counted
)

select
    c.picture, c.place, c.direction, c.i, c.j, c.n,
    round(c.n * 1e0 / sum(c.n) over (partition by c.picture, c.place, c.i, c.j), 2) as share
from squares as c
inner join contrast_frame as f on f.place = c.place
where
    c.i is not null
    and case
        when c.picture = 'p' then true
        when c.picture in ('volcano', 'mean-difference') then f.in_page
        else f.in_file
    end
order by c.picture, c.place, c.direction, c.i, c.j
"""

#: The features with the smallest P values of each contrast. Takes $analysis, $top.
STRONGEST_FEATURES = f"""
create or replace temp table strongest_feature as
select * from (
    select
        f.place, r.feature_id, r.log_fc, r.ci_low, r.ci_high, r.delta_beta, r.ave_expr,
        r.p_value, r.adj_p_value, {height("r.p_value")} as height,
{DIRECTION},
        row_number() over (
            partition by f.place
            order by r.p_value, abs(r.t) desc nulls last, r.feature_id
        ) as rank
    from fct_contrast_result as r
    inner join contrast_frame as f on f.contrast = r.contrast and r.p_value <= f.p_top
    where r.analysis = $analysis and f.in_page and isfinite(r.log_fc)
) as ranked
where rank <= $top
"""

_GENES = """
select s.*, coalesce(g.gene_name, s.feature_id) as genes
from strongest_feature as s
left join dim_gene as g on g.gene_id = s.feature_id
order by s.place, s.rank
"""
_PROBES = """
with names as (
    select probe_id, list_sort(list(distinct gene_name)) as genes
    from bridge_probe_gene
    where
        gene_name is not null
        and probe_id in (select feature_id from strongest_feature)
    group by probe_id
)

select
    s.*,
    array_to_string(n.genes[1:3], ', ') || case when len(n.genes) > 3 then ', …' else '' end
        as genes
from strongest_feature as s
left join names as n on n.probe_id = s.feature_id
order by s.place, s.rank
"""
_MEASURES = """
select s.*, coalesce(m.measure_name, s.feature_id) as genes
from strongest_feature as s
left join dim_measure as m
    on
        m.feature_id = s.feature_id
        and m.assay = (select any_value(assay) from dim_contrast where analysis = $analysis)
order by s.place, s.rank
"""
#: With the names of the genes they are or lie in, by the kind of the assay.
STRONGEST = {COUNTS: _GENES, BETA: _PROBES, CONTINUOUS: _MEASURES}
