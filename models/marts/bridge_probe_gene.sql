with

probe_genes as (

    select * from {{ ref("stg_lake__probe_genes") }}

)

select
    probe_id,
    gene_name,
    region,
    manifest
from probe_genes
order by
    probe_id asc nulls last,
    gene_name asc nulls last,
    region asc nulls last
