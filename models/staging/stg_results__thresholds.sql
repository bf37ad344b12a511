with

thresholds as (

    {{ staged("results", "threshold") }}

)

select
    analysis,
    p,
    -- a study that names no threshold means the field's usual one
    case
        when
            p is null
            and adj_p is null
            and delta_beta is null
            and log_fc is null
            then {{ var("default_adj_p") }}
        else adj_p
    end as adj_p,
    delta_beta,
    log_fc
from thresholds
