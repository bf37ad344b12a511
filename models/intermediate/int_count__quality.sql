with

counts as (

    select * from {{ ref("int_count__unnested") }}

)

select
    assay,
    sample_id,
    count(case when count > 0 then 1 end) as n_detected,
    count(case when count is null then 1 end) / cast(count(*) as double)
        as missing_share
from counts
group by assay, sample_id
