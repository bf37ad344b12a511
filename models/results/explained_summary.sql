with

changes as (

    select * from {{ ref("explained_change") }}

),

ranked as (

    select
        analysis,
        contrast,
        share_explained,
        row_number() over (
            partition by analysis, contrast
            order by share_explained asc nulls last, feature_id asc nulls last
        ) as place,
        count(*) over (partition by analysis, contrast) as n_ranked
    from changes
    where is_found and share_explained is not null

),

medians as (

    select
        analysis,
        contrast,
        avg(share_explained) as median_share
    from ranked
    where 2 * place between n_ranked and n_ranked + 2
    group by analysis, contrast

),

numbers as (

    select
        analysis,
        contrast,
        count(*) as n_features,
        count(case when is_found then 1 end) as n_found,
        count(case when is_found and adj_p_explained < 5e-2 then 1 end)
            as n_explained,
        count(
            case
                when
                    is_found
                    and adj_p_explained < 5e-2
                    and share_explained > 5e-1
                    then 1
            end
        ) as n_mostly_explained,
        count(case when is_found and adj_p_remaining < 5e-2 then 1 end)
            as n_remaining,
        max(abs(total - log_fc)) as max_beside_log_fc
    from changes
    group by analysis, contrast

)

select
    numbers.analysis,
    numbers.contrast,
    numbers.n_features,
    numbers.n_found,
    numbers.n_explained,
    numbers.n_mostly_explained,
    numbers.n_remaining,
    medians.median_share,
    numbers.max_beside_log_fc
from numbers
left join medians
    on
        numbers.analysis = medians.analysis
        and numbers.contrast = medians.contrast
order by numbers.analysis asc nulls last, numbers.contrast asc nulls last
