with

features as (

    select * from {{ ref("stg_lake__features") }}

),

genes as (

    select * from {{ ref("dim_gene") }}

),

measures as (

    select * from {{ ref("dim_measure") }}

),

bridge as (

    select * from {{ ref("bridge_probe_gene") }}

),

-- a probe has a row a gene and region
probe_genes as (

    select
        probe_id,
        gene_name
    from bridge
    where gene_name is not null
    group by probe_id, gene_name

),

probe_names as (

    select
        probe_id,
        {{ joined_names("gene_name") }} as gene_names
    from probe_genes
    group by probe_id

)

select
    features.assay,
    features.kind,
    features.feature_id,
    coalesce(genes.gene_name, probe_names.gene_names, measures.measure_name)
        as feature_name
from features
left join genes
    on
        features.kind = 'counts'
        and features.feature_id = genes.gene_id
left join probe_names
    on
        features.kind = 'beta'
        and features.feature_id = probe_names.probe_id
left join measures
    on
        features.kind = 'continuous'
        and features.assay = measures.assay
        and features.feature_id = measures.feature_id
order by features.assay asc nulls last, features.feature_id asc nulls last
