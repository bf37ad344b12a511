with

edges as (

    select * from {{ ref("stg_lake__network_edges") }}

),

translations as (

    select * from {{ ref("stg_lake__gene_translations") }}

),

named as (

    select
        coalesce(firsts.gene_name, edges.gene_a) as one,
        coalesce(seconds.gene_name, edges.gene_b) as other
    from edges
    left join translations as firsts
        on edges.gene_a = firsts.word
    left join translations as seconds
        on edges.gene_b = seconds.word

)

-- names of one gene fall together, and pairs with them
select distinct
    least(one, other) as gene_a,
    greatest(one, other) as gene_b
from named
where one <> other
order by
    gene_a asc nulls last,
    gene_b asc nulls last
