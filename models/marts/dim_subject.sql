with

samples as (

    select * from {{ ref("dim_sample") }}

)

select
    subject_id,
    min(study_group) as study_group,
    count(distinct timepoint) as n_visits,
    count(*) as n_samples
from samples
group by subject_id
order by subject_id asc nulls last
