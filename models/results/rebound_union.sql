with

pairs as (

    select
        analysis,
        pair,
        count(*) as n_groups
    from {{ ref("dim_rebound_pair") }}
    group by analysis, pair

),

features as (

    select
        analysis,
        pair,
        feature_id,
        count(case when is_found then 1 end) as n_found,
        count(case when is_found and class in ('up-down', 'down-up') then 1 end)
            as n_opposite,
        -- changes of the same sign in every group are as many as there are groups
        abs(sum(sign(log_fc_first))) as n_agree_first,
        abs(sum(sign(log_fc_second))) as n_agree_second
    from {{ ref("int_rebound__found") }}
    group by analysis, pair, feature_id

),

numbers as (

    select
        pairs.analysis,
        pairs.pair,
        pairs.n_groups,
        count(features.feature_id) as n_union,
        count(case when features.n_found = pairs.n_groups then 1 end) as n_in_all,
        count(
            case
                when
                    features.n_agree_first = pairs.n_groups
                    and features.n_agree_second = pairs.n_groups
                    then 1
            end
        ) as n_common,
        count(case when features.n_opposite = 0 then 1 end) as n_not_opposite
    from pairs
    left join features
        on
            pairs.analysis = features.analysis
            and pairs.pair = features.pair
    group by pairs.analysis, pairs.pair, pairs.n_groups

)

select
    analysis,
    pair,
    n_groups,
    n_union,
    n_in_all,
    case when n_groups > 1 then n_common end as n_common,
    n_not_opposite
from numbers
order by analysis asc nulls last, pair asc nulls last
