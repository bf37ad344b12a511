with

measurements as (

    select * from {{ ref("fct_measurement") }}

)

select
    assay,
    sample_id,
    count(case when value is not null and not below_detection then 1 end) as n_detected,
    count(case when value is null then 1 end) / cast(count(*) as double)
        as missing_share
from measurements
group by assay, sample_id
