with

pairs as (

    select * from {{ ref("dim_rebound_pair") }}

),

rebounds as (

    select * from {{ ref("rebound") }}

),

thresholds as (

    select * from {{ ref("stg_results__thresholds") }}

),

by_both_rules as (

    select
        rebounds.analysis,
        rebounds.first_contrast,
        rebounds.second_contrast,
        rebounds.class,
        rebounds.p_rebound,
        rebounds.is_found,
        {{
            is_rebound_found_by_default(
                "rebounds", "thresholds", var("default_adj_p")
            )
        }} as is_found_by_default,
        {{
            is_rebound_found_by_paper("rebounds", "thresholds")
        }} as is_found_by_paper
    from rebounds
    left join thresholds
        on rebounds.analysis = thresholds.analysis

),

numbers as (

    select
        analysis,
        first_contrast,
        second_contrast,
        count(p_rebound) as n_tested,
        count(case when is_found then 1 end) as n_found,
        count(case when is_found and class = 'up-down' then 1 end) as n_up_down,
        count(case when is_found and class = 'down-up' then 1 end) as n_down_up,
        count(case when is_found and class in ('up-up', 'down-down') then 1 end)
            as n_same_sign,
        count(case when is_found_by_default then 1 end) as n_default,
        count(case when is_found_by_paper then 1 end) as n_paper
    from by_both_rules
    group by analysis, first_contrast, second_contrast

)

select
    pairs.analysis,
    pairs.pair,
    pairs.study_group,
    pairs.group_order,
    pairs.cell_type,
    pairs.first_contrast,
    pairs.second_contrast,
    pairs.preset,
    coalesce(numbers.n_tested, 0) as n_tested,
    coalesce(numbers.n_found, 0) as n_found,
    coalesce(numbers.n_up_down, 0) as n_up_down,
    coalesce(numbers.n_down_up, 0) as n_down_up,
    coalesce(numbers.n_same_sign, 0) as n_same_sign,
    coalesce(numbers.n_default, 0) as n_default,
    coalesce(numbers.n_paper, 0) as n_paper
from pairs
left join numbers
    on
        pairs.analysis = numbers.analysis
        and pairs.first_contrast = numbers.first_contrast
        and pairs.second_contrast = numbers.second_contrast
order by
    pairs.analysis asc nulls last,
    pairs.pair asc nulls last,
    pairs.study_group asc nulls last
