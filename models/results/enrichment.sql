with

enrichments as (

    select * from {{ ref("stg_results__enrichments") }}

),

gene_sets as (

    select * from {{ ref("dim_gene_set") }}

)

select
    enrichments.analysis,
    enrichments.source,
    enrichments.source_name,
    enrichments.direction,
    enrichments.test,
    enrichments.collection,
    enrichments.gene_set,
    gene_sets.description,
    enrichments.n_universe,
    enrichments.n_genes,
    enrichments.n_found,
    enrichments.n_overlap,
    enrichments.expected,
    enrichments.odds_ratio,
    enrichments.enrichment_score,
    enrichments.normalised_score,
    enrichments.z,
    enrichments.inter_gene_correlation,
    enrichments.p_value,
    enrichments.adj_p_value,
    enrichments.p_uncorrected,
    enrichments.genes
from enrichments
left join gene_sets
    on
        enrichments.collection = gene_sets.collection
        and enrichments.gene_set = gene_sets.gene_set
