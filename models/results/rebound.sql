with

rebounds as (

    select * from {{ ref("stg_results__rebounds") }}

),

pairs as (

    select * from {{ ref("dim_rebound_pair") }}

),

thresholds as (

    select * from {{ ref("stg_results__thresholds") }}

),

classified as (

    select
        rebounds.*,
        pairs.cell_type,
        pairs.preset,
        {{ rebound_class("rebounds") }} as class,
        {{
            is_rebound_found("rebounds", "thresholds", "pairs", var("default_adj_p"))
        }} as is_found,
        (thresholds.p is null or rebounds.p_first < thresholds.p)
        and (
            thresholds.adj_p is null
            or rebounds.adj_p_first < thresholds.adj_p
        )
        -- where the study asks for neither, the usual one
        and (
            thresholds.p is not null
            or thresholds.adj_p is not null
            or rebounds.adj_p_first < cast('{{ var("default_adj_p") }}' as double)
        ) as is_first_significant,
        rebounds.log_fc_first is not null
        and rebounds.log_fc_second is not null
        and rebounds.p_first is not null
        and rebounds.p_second is not null as is_tested
    from rebounds
    left join pairs
        on
            rebounds.analysis = pairs.analysis
            and rebounds.first_contrast = pairs.first_contrast
            and rebounds.second_contrast = pairs.second_contrast
    left join thresholds
        on rebounds.analysis = thresholds.analysis

)

select
    analysis,
    pair,
    study_group,
    cell_type,
    preset,
    first_contrast,
    second_contrast,
    feature_id,
    class,
    is_found,
    log_fc_first,
    log_fc_second,
    p_first,
    p_second,
    adj_p_first,
    adj_p_second,
    delta_beta_first,
    delta_beta_second,
    case
        when is_tested and class in ('up-down', 'down-up')
            then greatest(p_first, p_second)
        when is_tested then 1e0
    end as p_rebound,
    adj_p_rebound,
    case
        when is_tested and class in ('up-up', 'down-down')
            then greatest(p_first, p_second)
        when is_tested then 1e0
    end as p_same,
    adj_p_same,
    amplitude,
    amplitude_se,
    amplitude_p_value,
    case
        when is_first_significant
            then -1e2 * log_fc_second / nullif(log_fc_first, 0e0)
    end as recovery_percent
from classified
