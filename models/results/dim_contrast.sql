with

contrasts as (

    select * from {{ ref("stg_results__contrasts") }}

)

select
    analysis,
    contrast,
    contrast_order,
    assay,
    expression,
    meaning,
    n_samples,
    n_subjects,
    kind,
    n_complete,
    consensus_correlation,
    df_prior,
    s2_prior,
    values_used,
    contrast_errors,
    minimum_log_fc,
    limma_se_ratio_low,
    limma_se_ratio_median,
    limma_se_ratio_high
from contrasts
