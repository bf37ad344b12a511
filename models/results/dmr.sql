with

regions as (

    select * from {{ ref("stg_results__dmrs") }}

),

members as (

    select * from {{ ref("stg_results__dmr_probes") }}

),

probe_genes as (

    select * from {{ ref("bridge_probe_gene") }}

),

region_genes as (

    select
        members.analysis,
        members.contrast,
        members.region_id,
        probe_genes.gene_name,
        max(
            case
                when probe_genes.region in ('TSS200', 'TSS1500')
                    then probe_genes.gene_name
            end
        ) as promoter_gene
    from members
    inner join probe_genes
        on members.probe_id = probe_genes.probe_id
    where probe_genes.gene_name is not null
    group by
        members.analysis,
        members.contrast,
        members.region_id,
        probe_genes.gene_name

),

names as (

    select
        analysis,
        contrast,
        region_id,
        {{ joined_names("gene_name") }} as gene_names,
        {{ joined_names("promoter_gene") }} as promoter_genes
    from region_genes
    group by analysis, contrast, region_id

)

select
    regions.analysis,
    regions.contrast,
    regions.region_id,
    regions.chromosome,
    regions.start_position,
    regions.end_position,
    regions.n_probes,
    regions.direction,
    regions.estimate,
    regions.se,
    regions.delta_beta,
    regions.statistic,
    regions.df,
    regions.p_value,
    regions.adj_p_value,
    regions.n_expected,
    regions.fdr,
    regions.top_probe_id,
    regions.top_p_value,
    names.gene_names,
    names.promoter_genes
from regions
left join names
    on
        regions.analysis = names.analysis
        and regions.contrast = names.contrast
        and regions.region_id = names.region_id
order by
    regions.analysis asc nulls last,
    regions.contrast asc nulls last,
    regions.p_value asc nulls last,
    regions.region_id asc nulls last
