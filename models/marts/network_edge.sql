with

edges as (

    select * from {{ ref("stg_lake__network_edges") }}

)

select
    gene_a,
    gene_b
from edges
order by
    gene_a asc nulls last,
    gene_b asc nulls last
