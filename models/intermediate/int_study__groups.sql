-- grouped by its key: a join with it adds no row
select
    study_group,
    max(group_order) as group_order
from {{ ref("dim_sample") }}
group by study_group
