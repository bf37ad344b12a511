-- What is in the lake is in the fact: totals of all counts, by assay.
with

lake_totals as (

    select
        assay,
        {{ exact_sum(list_total("measured")) }} as total
    from {{ ref("stg_lake__count_matrix") }}
    group by assay

),

fact_totals as (

    select
        assay,
        {{ exact_sum("count") }} as total
    from {{ ref("fct_gene_expression") }}
    group by assay

)

select
    lake_totals.assay,
    lake_totals.total as lake_total,
    fact_totals.total as fact_total
from lake_totals
full outer join fact_totals
    on lake_totals.assay = fact_totals.assay
where
    lake_totals.total is null
    or fact_totals.total is null
    -- the sums within a list are rounded, those over rows are not
    or abs(lake_totals.total - fact_totals.total) > 1e-9 * lake_totals.total
