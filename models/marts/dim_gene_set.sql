with

gene_sets as (

    select * from {{ ref("bridge_gene_set") }}

)

select
    collection,
    gene_set,
    min(description) as description,
    count(*) as n_genes
from gene_sets
group by collection, gene_set
order by
    collection asc nulls last,
    gene_set asc nulls last
