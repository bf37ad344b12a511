with

voom_trends as (

    select * from {{ ref("stg_results__voom_trends") }}

)

select
    analysis,
    feature_id,
    mean_log2_count,
    sqrt_sd,
    trend
from voom_trends
