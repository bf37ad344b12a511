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

),

feature_names as (

    select * from {{ ref("int_analysis__feature_names") }}

)

select
    classified.analysis,
    classified.pair,
    classified.study_group,
    classified.cell_type,
    classified.preset,
    classified.first_contrast,
    classified.second_contrast,
    classified.feature_id,
    feature_names.feature_name,
    classified.class,
    classified.is_found,
    classified.log_fc_first,
    classified.log_fc_second,
    classified.p_first,
    classified.p_second,
    classified.adj_p_first,
    classified.adj_p_second,
    classified.delta_beta_first,
    classified.delta_beta_second,
    case
        when classified.is_tested and classified.class in ('up-down', 'down-up')
            then greatest(classified.p_first, classified.p_second)
        when classified.is_tested then 1e0
    end as p_rebound,
    classified.adj_p_rebound,
    case
        when classified.is_tested and classified.class in ('up-up', 'down-down')
            then greatest(classified.p_first, classified.p_second)
        when classified.is_tested then 1e0
    end as p_same,
    classified.adj_p_same,
    classified.amplitude,
    classified.amplitude_se,
    classified.amplitude_p_value,
    case
        when classified.is_first_significant
            then -1e2 * classified.log_fc_second / nullif(classified.log_fc_first, 0e0)
    end as recovery_percent
from classified
left join feature_names
    on
        classified.analysis = feature_names.analysis
        and classified.feature_id = feature_names.feature_id
