with

visits as (

    select * from {{ ref("stg_results__return_visits") }}

),

features as (

    select * from {{ ref("fct_return") }}

),

numbers as (

    select
        analysis,
        return_name,
        to_mean,
        count(case when is_bounded then 1 end) as n_with_difference,
        count(case when is_bounded and return_share > 0 then 1 end)
            as n_towards,
        count(case when adj_p_value < 5e-2 then 1 end) as n_found,
        count(case when state = 'back' then 1 end) as n_back,
        count(case when state = 'in part' then 1 end) as n_in_part,
        count(case when state = 'overshoot' then 1 end) as n_overshoot,
        count(case when adj_p_away < 5e-2 then 1 end) as n_away,
        count(case when state = 'stays' then 1 end) as n_stays
    from features
    group by analysis, return_name, to_mean

)

select
    visits.analysis,
    visits.return_name,
    visits.to_mean,
    visits.visit_order,
    visits.reference,
    visits.from_mean,
    visits.baseline_expression,
    visits.to_expression,
    visits.margin,
    visits.n_samples,
    visits.n_subjects,
    visits.n_features,
    coalesce(numbers.n_with_difference, 0) as n_with_difference,
    coalesce(numbers.n_towards, 0) as n_towards,
    numbers.n_towards / nullif(cast(numbers.n_with_difference as double), 0e0)
        as share_towards,
    visits.share_by_chance,
    coalesce(numbers.n_found, 0) as n_found,
    coalesce(numbers.n_back, 0) as n_back,
    coalesce(numbers.n_in_part, 0) as n_in_part,
    coalesce(numbers.n_overshoot, 0) as n_overshoot,
    coalesce(numbers.n_away, 0) as n_away,
    coalesce(numbers.n_stays, 0) as n_stays,
    visits.n_features_rotated,
    visits.n_rotations,
    visits.r,
    visits.r_no_effect,
    visits.no_effect_low,
    visits.no_effect_high,
    visits.r_no_change,
    visits.no_change_low,
    visits.no_change_high,
    visits.p_value,
    visits.r_biological,
    visits.r_biological_ci_low,
    visits.r_biological_ci_high
from visits
left join numbers
    on
        visits.analysis = numbers.analysis
        and visits.return_name = numbers.return_name
        and visits.to_mean = numbers.to_mean
order by
    visits.analysis asc nulls last,
    visits.return_name asc nulls last,
    visits.visit_order asc nulls last
