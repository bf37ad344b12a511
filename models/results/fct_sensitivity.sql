with

sensitivities as (

    select * from {{ ref("stg_results__sensitivities") }}

)

select
    analysis,
    contrast,
    feature_id,
    variant,
    variant_order,
    log_fc,
    se,
    t,
    p_value,
    adj_p_value,
    holds,
    n_samples,
    fault
from sensitivities
