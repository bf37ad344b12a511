with

mds_coordinates as (

    select * from {{ ref("stg_results__mds_coordinates") }}

)

select
    assay,
    sample_set,
    sample_id,
    dimension,
    coordinate
from mds_coordinates
