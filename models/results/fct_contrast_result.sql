with

contrast_results as (

    select * from {{ ref("stg_results__contrast_results") }}

),

feature_names as (

    select * from {{ ref("int_analysis__feature_names") }}

)

select
    contrast_results.analysis,
    contrast_results.contrast,
    contrast_results.feature_id,
    feature_names.feature_name,
    contrast_results.log_fc,
    contrast_results.se,
    contrast_results.log_fc - contrast_results.ci_quantile * contrast_results.se
        as ci_low,
    contrast_results.log_fc + contrast_results.ci_quantile * contrast_results.se
        as ci_high,
    contrast_results.ave_expr,
    contrast_results.log_fc / nullif(contrast_results.se, 0e0) as t,
    contrast_results.df_total,
    contrast_results.s2_post,
    contrast_results.df_prior,
    contrast_results.s2_prior,
    contrast_results.p_value,
    contrast_results.adj_p_value,
    contrast_results.b,
    contrast_results.delta_beta
from contrast_results
left join feature_names
    on
        contrast_results.analysis = feature_names.analysis
        and contrast_results.feature_id = feature_names.feature_id
