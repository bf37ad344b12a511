with

sensitivities as (

    select * from {{ ref("fct_sensitivity") }}

),

as_analysed as (

    select * from sensitivities
    where variant_order = 0

),

others as (

    select
        sensitivities.analysis,
        sensitivities.contrast,
        sensitivities.feature_id,
        count(sensitivities.p_value) as n_variants,
        count(case when sensitivities.p_value is null then 1 end) as n_not_computed,
        count(case when sensitivities.holds then 1 end) as n_holds,
        count(
            case
                when
                    sensitivities.p_value is not null
                    and sensitivities.log_fc * as_analysed.log_fc > 0e0
                    then 1
            end
        ) as n_same_sign,
        min(sensitivities.log_fc) as min_log_fc,
        max(sensitivities.log_fc) as max_log_fc,
        max(sensitivities.p_value) as max_p_value
    from sensitivities
    inner join as_analysed
        on
            sensitivities.analysis = as_analysed.analysis
            and sensitivities.contrast = as_analysed.contrast
            and sensitivities.feature_id = as_analysed.feature_id
    where sensitivities.variant_order > 0
    group by
        sensitivities.analysis,
        sensitivities.contrast,
        sensitivities.feature_id

)

select
    as_analysed.analysis,
    as_analysed.contrast,
    as_analysed.feature_id,
    as_analysed.feature_name,
    as_analysed.log_fc,
    as_analysed.p_value,
    as_analysed.adj_p_value,
    as_analysed.holds as is_found,
    coalesce(others.n_variants, 0) as n_variants,
    coalesce(others.n_not_computed, 0) as n_not_computed,
    coalesce(others.n_holds, 0) as n_holds,
    cast(others.n_holds as double) / nullif(others.n_variants, 0) as share_holds,
    cast(others.n_same_sign as double) / nullif(others.n_variants, 0)
    as share_same_sign,
    others.min_log_fc,
    others.max_log_fc,
    others.max_p_value
from as_analysed
left join others
    on
        as_analysed.analysis = others.analysis
        and as_analysed.contrast = others.contrast
        and as_analysed.feature_id = others.feature_id
