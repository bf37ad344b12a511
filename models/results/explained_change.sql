with

parts as (

    select * from {{ ref("fct_explained") }}

),

thresholds as (

    select * from {{ ref("stg_results__thresholds") }}

),

contrast_results as (

    select
        results.analysis,
        results.contrast,
        results.feature_id,
        results.log_fc,
        -- nothing is found without a row of thresholds, as in deg and dmp
        thresholds.analysis is not null
        and {{ is_found("results", "thresholds") }} as is_found
    from {{ ref("stg_results__contrast_results") }} as results
    left join thresholds
        on results.analysis = thresholds.analysis

),

features as (

    select
        analysis,
        contrast,
        feature_id,
        max(case when part = 'total' then estimate end) as total,
        max(case when part = 'explained' then estimate end) as explained,
        max(case when part = 'explained' then p_value end) as p_explained,
        max(case when part = 'explained' then adj_p_value end) as adj_p_explained,
        max(case when part = 'remaining' then estimate end) as remaining,
        max(case when part = 'remaining' then p_value end) as p_remaining,
        max(case when part = 'remaining' then adj_p_value end) as adj_p_remaining
    from parts
    where part in ('total', 'explained', 'remaining')
    group by analysis, contrast, feature_id

),

feature_names as (

    select * from {{ ref("int_analysis__feature_names") }}

)

select
    features.analysis,
    features.contrast,
    features.feature_id,
    feature_names.feature_name,
    contrast_results.log_fc,
    coalesce(contrast_results.is_found, false) as is_found,
    features.total,
    features.explained,
    features.p_explained,
    features.adj_p_explained,
    features.remaining,
    features.p_remaining,
    features.adj_p_remaining,
    features.explained / nullif(features.total, 0e0) as share_explained
from features
left join contrast_results
    on
        features.analysis = contrast_results.analysis
        and features.contrast = contrast_results.contrast
        and features.feature_id = contrast_results.feature_id
left join feature_names
    on
        features.analysis = feature_names.analysis
        and features.feature_id = feature_names.feature_id
where features.total is not null
