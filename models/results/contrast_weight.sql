with

contrast_weights as (

    select * from {{ ref("stg_results__contrast_weights") }}

)

select
    analysis,
    contrast,
    coefficient,
    coefficient_order,
    weight
from contrast_weights
