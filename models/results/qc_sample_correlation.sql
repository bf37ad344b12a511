with

sample_correlations as (

    select * from {{ ref("stg_results__sample_correlations") }}

)

select
    assay,
    sample_set,
    first_sample_id,
    second_sample_id,
    r
from sample_correlations
