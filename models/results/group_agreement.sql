-- condition on x (reference group) and y (group), and the sector in words
{% set sectors = [
    ("x > 0e0 and y < 0e0", "reference_group || ' up, ' || study_group || ' down'"),
    ("x < 0e0 and y > 0e0", "reference_group || ' down, ' || study_group || ' up'"),
    ("x > 0e0 and y > x", "'both up, ' || study_group || ' more'"),
    ("y > 0e0 and y < x", "'both up, ' || reference_group || ' more'"),
    ("x < 0e0 and y < x", "'both down, ' || study_group || ' more'"),
    ("y < 0e0 and y > x", "'both down, ' || reference_group || ' more'"),
] %}

with

rebounds as (

    select * from {{ ref("int_rebound__found") }}

),

comparisons as (

    select
        analysis,
        pair,
        study_group,
        reference_group
    from {{ ref("stg_results__rebound_differences") }}
    group by analysis, pair, study_group, reference_group

),

points as (

    {% for change in ("first", "second") %}
    {{ "union all" if not loop.first }}
    select
        comparisons.analysis,
        comparisons.pair,
        '{{ change }}' as change,
        comparisons.study_group,
        comparisons.reference_group,
        case
            when of_group.is_found or of_reference.is_found
                then of_reference.log_fc_{{ change }}
        end as x,
        case
            when of_group.is_found or of_reference.is_found
                then of_group.log_fc_{{ change }}
        end as y
    from comparisons
    left join rebounds as of_group
        on
            comparisons.analysis = of_group.analysis
            and comparisons.pair = of_group.pair
            and comparisons.study_group = of_group.study_group
    left join rebounds as of_reference
        on
            comparisons.analysis = of_reference.analysis
            and comparisons.pair = of_reference.pair
            and comparisons.reference_group = of_reference.study_group
            and of_group.feature_id = of_reference.feature_id
    {% endfor %}

),

numbers as (

    select
        analysis,
        pair,
        change,
        study_group,
        reference_group,
        {% for condition, _ in sectors %}
        count(case when {{ condition }} then 1 end) as n_{{ loop.index }},
        {% endfor %}
        count(x + y) as n_features
    from points
    group by analysis, pair, change, study_group, reference_group

),

agreement as (

    {% for _, sector in sectors %}
    {{ "union all" if not loop.first }}
    select
        *,
        {{ loop.index }} as sector_order,
        {{ sector }} as sector,
        n_{{ loop.index }} as n
    from numbers
    {% endfor %}

)

select
    agreement.analysis,
    agreement.pair,
    agreement.change,
    agreement.study_group,
    study_groups.group_order,
    agreement.reference_group,
    agreement.sector_order,
    agreement.sector,
    agreement.n,
    agreement.n
    / cast(nullif(n_1 + n_2 + n_3 + n_4 + n_5 + n_6, 0) as double) as share,
    agreement.n_features
from agreement
left join {{ ref("int_study__groups") }} as study_groups
    on agreement.study_group = study_groups.study_group
order by
    agreement.analysis asc nulls last,
    agreement.pair asc nulls last,
    agreement.change asc nulls last,
    agreement.study_group asc nulls last,
    agreement.sector_order asc nulls last
