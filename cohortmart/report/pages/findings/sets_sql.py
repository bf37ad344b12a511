"""SQL of the gene sets that the report shows."""

from __future__ import annotations

#: How many tests an analysis has, and how many are clear.
NUMBERS = """
    select
        test, count(*) as n_tests, count(case when adj_p_value < 5e-2 then 1 end) as n_clear
    from enrichment
    where analysis = ?
    group by test
    order by case test when 'over_representation' then 1 when 'camera' then 2 else 3 end
"""
#: The lists of genes: contrasts in their order, then the rebounds.
LISTS = """
    select e.source, e.source_name
    from (select distinct analysis, source, source_name from enrichment where analysis = ?) as e
    left join dim_contrast as c
        on e.source = 'contrast' and e.analysis = c.analysis and e.source_name = c.contrast
    order by e.source, c.contrast_order asc nulls last, e.source_name
"""
CONTRAST_MEANING = "select contrast, meaning from dim_contrast where analysis = ?"
#: The sets of every list with the smallest adjusted P, a row a direction.
DOTS = """
with tested as (
    select
        source, source_name, collection, gene_set, n_genes,
        case when count(distinct collection) over (partition by gene_set) > 1
            then gene_set || ' (' || collection || ')' else gene_set end as name,
        case
            when test = 'camera' then case when z > 0 then 'up' else 'down' end
            when test = 'gsea' then case when normalised_score > 0 then 'up' else 'down' end
            when direction = 'up-down' then 'up then down'
            when direction = 'down-up' then 'down then up'
            when direction = 'any' then 'any direction'
            else direction
        end as direction,
        case
            when test = 'gsea' then normalised_score
            else 0e0 - log10(greatest(adj_p_value, 1e-300))
        end as x,
        case when test = 'over_representation' then n_overlap else n_genes end as size,
        p_value, adj_p_value as adj_p
    from enrichment
    where analysis = $analysis and test = $test and adj_p_value is not null
),
ranked as (
    select
        source, source_name, collection, gene_set,
        row_number() over (
            partition by source, source_name
            order by min(adj_p), min(p_value), gene_set, collection
        ) as set_order,
        count(*) over (partition by source, source_name) as n_sets
    from tested
    group by source, source_name, collection, gene_set
)
select
    t.source, t.source_name, t.name as set, r.set_order, r.n_sets, t.direction,
    cast(t.x as double) as x, cast(t.size as double) as size, t.n_genes, t.adj_p,
    t.adj_p < 5e-2 as clear
from tested as t
inner join ranked as r using (source, source_name, collection, gene_set)
where r.set_order <= $most and t.x is not null and t.size > 0
order by t.source, t.source_name, r.set_order, t.adj_p, t.direction
"""
#: All tests of an analysis, for the table; complete in itself.
TABLE = """
select
    gene_set, collection, source_name, direction, replace(test, '_', '-') as test, n_genes,
    n_overlap, expected, odds_ratio, z, normalised_score, p_value, adj_p_value
from enrichment
where analysis = {analysis}
order by
    adj_p_value asc nulls last, p_value asc nulls last, source_name asc, gene_set asc,
    direction asc, test asc, collection asc
"""
