with

contrast_results as (

    select * from {{ ref("stg_results__contrast_results") }}

)

select
    analysis,
    contrast,
    feature_id,
    log_fc,
    se,
    ci_low,
    ci_high,
    ave_expr,
    t,
    df_total,
    s2_post,
    df_prior,
    s2_prior,
    p_value,
    adj_p_value,
    b,
    delta_beta
from contrast_results
