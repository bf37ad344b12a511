with

contrasts as (

    select * from {{ ref("dim_contrast") }}

),

thresholds as (

    select * from {{ ref("stg_results__thresholds") }}

),

contrast_results as (

    select
        results.analysis,
        results.contrast,
        results.log_fc,
        results.p_value,
        results.adj_p_value,
        -- nothing is found without a row of thresholds, as in deg and dmp
        thresholds.analysis is not null
        and {{ is_found("results", "thresholds") }} as is_found
    from {{ ref("stg_results__contrast_results") }} as results
    left join thresholds
        on results.analysis = thresholds.analysis

),

numbers as (

    select
        analysis,
        contrast,
        count(p_value) as n_tested,
        count(case when is_found then 1 end) as n_found,
        count(case when is_found and log_fc > 0e0 then 1 end) as n_up,
        count(case when p_value < 5e-2 then 1 end) as n_p_05,
        count(case when adj_p_value < 5e-2 then 1 end) as n_adj_p_05,
        min(adj_p_value) as min_adj_p_value
    from contrast_results
    group by analysis, contrast

)

select
    contrasts.analysis,
    contrasts.contrast,
    contrasts.assay,
    coalesce(numbers.n_tested, 0) as n_tested,
    coalesce(numbers.n_found, 0) as n_found,
    coalesce(numbers.n_up, 0) as n_up,
    coalesce(numbers.n_found - numbers.n_up, 0) as n_down,
    coalesce(numbers.n_p_05, 0) as n_p_05,
    coalesce(numbers.n_adj_p_05, 0) as n_adj_p_05,
    numbers.min_adj_p_value,
    thresholds.p as threshold_p,
    thresholds.adj_p as threshold_adj_p,
    thresholds.delta_beta as threshold_delta_beta,
    thresholds.log_fc as threshold_log_fc
from contrasts
left join numbers
    on
        contrasts.analysis = numbers.analysis
        and contrasts.contrast = numbers.contrast
left join thresholds
    on contrasts.analysis = thresholds.analysis
order by contrasts.analysis asc nulls last, contrasts.contrast asc nulls last
