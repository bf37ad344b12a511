with

rebounds as (

    select * from {{ ref("rebound") }}

),

found as (

    select
        analysis,
        pair,
        feature_id
    from rebounds
    where is_found
    group by analysis, pair, feature_id

)

select
    rebounds.analysis,
    rebounds.pair,
    rebounds.study_group,
    rebounds.feature_id,
    rebounds.class,
    rebounds.is_found,
    rebounds.log_fc_first,
    rebounds.log_fc_second
from rebounds
inner join found
    on
        rebounds.analysis = found.analysis
        and rebounds.pair = found.pair
        and rebounds.feature_id = found.feature_id
order by
    rebounds.analysis asc nulls last,
    rebounds.pair asc nulls last,
    rebounds.feature_id asc nulls last,
    rebounds.study_group asc nulls last
