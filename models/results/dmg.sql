with

contrast_results as (

    select * from {{ ref("fct_contrast_result") }}

),

contrasts as (

    select * from {{ ref("dim_contrast") }}

),

assays as (

    select * from {{ ref("stg_lake__assays") }}

),

thresholds as (

    select * from {{ ref("stg_results__thresholds") }}

),

bridge as (

    select * from {{ ref("bridge_probe_gene") }}

),

contrasts_of_kind as (

    select
        contrasts.analysis,
        contrasts.contrast
    from contrasts
    inner join assays
        on contrasts.assay = assays.assay
    where assays.kind = 'beta'

),

tested_probes as (

    select
        contrast_results.analysis,
        contrast_results.contrast,
        contrast_results.feature_id as probe_id,
        contrast_results.log_fc,
        contrast_results.delta_beta,
        contrast_results.p_value,
        case when {{ is_found("contrast_results", "thresholds") }} then 1 else 0 end
            as is_dmp
    from contrast_results
    inner join contrasts_of_kind
        on
            contrast_results.analysis = contrasts_of_kind.analysis
            and contrast_results.contrast = contrasts_of_kind.contrast
    inner join thresholds
        on contrast_results.analysis = thresholds.analysis
    where contrast_results.p_value is not null

),

gene_regions as (

    select
        probe_id,
        gene_name,
        region
    from bridge
    where region is not null
    union all
    select
        probe_id,
        gene_name,
        'promoter' as region
    from bridge
    where region in ('TSS200', 'TSS1500')
    group by probe_id, gene_name
    union all
    select
        probe_id,
        gene_name,
        'any' as region
    from bridge
    group by probe_id, gene_name

)

select
    tested_probes.analysis,
    tested_probes.contrast,
    gene_regions.gene_name,
    gene_regions.region,
    count(*) as n_probes,
    cast(sum(tested_probes.is_dmp) as bigint) as n_dmp,
    count(case when is_dmp = 1 and log_fc > 0e0 then 1 end) as n_hyper,
    count(case when is_dmp = 1 and not log_fc > 0e0 then 1 end) as n_hypo,
    {{ exact_sum("case when is_dmp = 1 then delta_beta end") }}
    / nullif(count(case when is_dmp = 1 then delta_beta end), 0) as mean_delta_beta,
    min(tested_probes.p_value) as min_p_value
from tested_probes
inner join gene_regions
    on tested_probes.probe_id = gene_regions.probe_id
group by
    tested_probes.analysis,
    tested_probes.contrast,
    gene_regions.gene_name,
    gene_regions.region
having sum(tested_probes.is_dmp) > 0
