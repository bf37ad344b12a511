with

module_genes as (

    select * from {{ ref("stg_results__module_genes") }}

)

select
    analysis,
    pair,
    gene_name,
    is_seed,
    rank,
    n_links,
    n_module_links,
    p_value,
    log10_p,
    n_tied,
    in_largest_component,
    stability
from module_genes
