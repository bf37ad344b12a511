with

gene_sets as (

    select * from {{ ref("stg_lake__gene_sets") }}

)

select
    collection,
    gene_set,
    gene_name,
    description
from gene_sets
order by
    collection asc nulls last,
    gene_set asc nulls last,
    gene_name asc nulls last
