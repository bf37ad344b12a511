"""SQL of the features that a search reaches: which they are, their names, their numbers."""

from __future__ import annotations

from cohortmart.core.study.kinds import BETA, CONTINUOUS, COUNTS
from cohortmart.core.warehouse.macros import rendered
from cohortmart.report.packed import three_digits

#: Every tested feature of every analysis, with its smallest P in any contrast. It is the same for
#: all pages of a report.
BEST = f"""
create temp table if not exists feature_best as
select
    f.analysis, r.feature_id,
    bool_or(coalesce({rendered("is_found", "r", "f.limits")}, false)) as is_found,
    min(r.p_value) as p_best,
    max(case when isfinite(r.ave_expr) then r.ave_expr end) as level
from fct_contrast_result as r
inner join drawn_contrast as f on f.analysis = r.analysis and f.contrast = r.contrast
where r.p_value is not null and isfinite(r.log_fc)
group by f.analysis, r.feature_id
"""

#: How many there are, and in how many contrasts they are shown.
COUNTS_OF_FEATURES = """
with shown as (
    select analysis, count(*) as n_contrasts from drawn_contrast where in_page group by analysis
)

select
    s.analysis, s.n_contrasts, count(*) as n_tested,
    count(case when b.is_found then 1 end) as n_found
from shown as s
inner join feature_best as b on b.analysis = s.analysis
group by s.analysis, s.n_contrasts
order by s.analysis
"""

#: The features that a search reaches, from position 0: those of the tables, what is found in any
#: contrast, then those with the smallest P. Takes $analysis, $most.
REACHED = """
create or replace temp table reached_feature as
with strongest as (
    select distinct feature_id from strongest_feature
),

ranked as (
    select
        b.feature_id, b.level, s.feature_id is not null as is_strong,
        row_number() over (
            order by s.feature_id is null, not b.is_found, b.p_best, b.feature_id
        ) as rank
    from feature_best as b
    left join strongest as s on s.feature_id = b.feature_id
    where b.analysis = $analysis
)

select feature_id, level, row_number() over (order by feature_id) - 1 as position
from ranked
where is_strong or rank <= $most
"""

#: Their numbers as codes, a row for each in every contrast of the page. Takes $analysis.
VALUES = f"""
create or replace temp table reached_value as
select
    f.place, c.position,
    {three_digits("r.log_fc")} as log_fc,
    {three_digits("r.p_value")} as p,
    {three_digits("r.adj_p_value")} as adj_p,
    cast(coalesce({rendered("is_found", "r", "f.limits")}, false) as integer) as found
from contrast_frame as f
cross join reached_feature as c
left join fct_contrast_result as r
    on
        r.analysis = $analysis and r.contrast = f.contrast and r.feature_id = c.feature_id
        and r.p_value is not null and isfinite(r.log_fc)
where f.in_page
"""

#: How many there are in the analysis, in the page or not. Takes $analysis.
COUNTED = """
select count(*) as n_tested, count(case when is_found then 1 end) as n_found
from feature_best
where analysis = $analysis
"""
#: Where the features of the tables stand among them.
POSITIONS = """
select s.place, c.position
from strongest_feature as s
inner join reached_feature as c on c.feature_id = s.feature_id
order by s.place, s.rank
"""
IN_POSITION = "select log_fc, p, found from reached_value order by place, position"
#: How far each adjusted P lies above the one before it: next to nothing, in order of P.
STEPS = """
with steps as (
    select
        place, p, position,
        adj_p - lag(adj_p, 1, 0) over (partition by place order by p, position) as step
    from reached_value
)

select case when step < 0 then -2 * step - 1 else 2 * step end as adj_p
from steps
order by place, p, position
"""

_GENES = """
select c.feature_id, coalesce(g.gene_name, c.feature_id) as name
from reached_feature as c
left join dim_gene as g on g.gene_id = c.feature_id
order by c.position
"""
_PROBES = """
with genes as (
    select probe_id, list_sort(list(distinct gene_name)) as names
    from bridge_probe_gene
    where
        gene_name is not null
        and probe_id in (select feature_id from reached_feature)
    group by probe_id
)

select c.feature_id, array_to_string(g.names, ', ') as name
from reached_feature as c
left join genes as g on g.probe_id = c.feature_id
order by c.position
"""
_MEASURES = """
select c.feature_id, coalesce(m.measure_name, c.feature_id) as name
from reached_feature as c
left join dim_measure as m
    on
        m.feature_id = c.feature_id
        and m.assay = (select any_value(assay) from dim_contrast where analysis = $analysis)
order by c.position
"""
#: Ids and names, of a probe all its genes, by the kind of the assay.
NAMES = {COUNTS: _GENES, BETA: _PROBES, CONTINUOUS: _MEASURES}
LEVELS = f"select {three_digits('level')} as level from reached_feature order by position"
