with

contrasts as (

    select * from {{ ref("stg_results__contrasts") }}

)

select
    analysis,
    contrast,
    assay,
    expression,
    meaning,
    n_samples,
    n_subjects,
    consensus_correlation,
    df_prior,
    s2_prior,
    values_used,
    contrast_errors
from contrasts
