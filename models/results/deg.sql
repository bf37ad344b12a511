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

contrasts_of_kind as (

    select
        contrasts.analysis,
        contrasts.contrast
    from contrasts
    inner join assays
        on contrasts.assay = assays.assay
    where assays.kind = 'counts'

)

select
    contrast_results.analysis,
    contrast_results.contrast,
    contrast_results.feature_id as gene_id,
    contrast_results.feature_name as gene_name,
    case when contrast_results.log_fc > 0e0 then 'up' else 'down' end as direction,
    contrast_results.log_fc,
    contrast_results.p_value,
    contrast_results.adj_p_value
from contrast_results
inner join contrasts_of_kind
    on
        contrast_results.analysis = contrasts_of_kind.analysis
        and contrast_results.contrast = contrasts_of_kind.contrast
inner join thresholds
    on contrast_results.analysis = thresholds.analysis
where
    {{ is_found("contrast_results", "thresholds") }}
