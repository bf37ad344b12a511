-- dim_subject says one group for a person, so all samples must agree.
select subject_id
from {{ ref("dim_sample") }}
group by subject_id
having count(distinct study_group) > 1
