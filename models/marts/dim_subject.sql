with

samples as (

    select * from {{ ref("dim_sample") }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by subject_id
            order by visit_order asc nulls last, sample_id asc nulls last
        ) as n
    from samples

)

select
    subject_id,
    max(case when n = 1 then study_group end) as study_group,
    max(case when n = 1 then group_order end) as group_order,
    count(distinct timepoint) as n_visits,
    count(*) as n_samples,
    count(distinct study_group) as n_groups
from numbered
group by subject_id
order by subject_id asc nulls last
