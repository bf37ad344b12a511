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
    log_fc - ci_quantile * se as ci_low,
    log_fc + ci_quantile * se as ci_high,
    ave_expr,
    log_fc / nullif(se, 0e0) as t,
    df_total,
    s2_post,
    df_prior,
    s2_prior,
    p_value,
    adj_p_value,
    b,
    delta_beta
from contrast_results
