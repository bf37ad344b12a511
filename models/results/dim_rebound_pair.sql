with

rebound_pairs as (

    select * from {{ ref("stg_results__rebound_pairs") }}

)

select
    analysis,
    pair,
    study_group,
    cell_type,
    first_contrast,
    second_contrast,
    preset
from rebound_pairs
