with

design_values as (

    select * from {{ ref("stg_results__design_values") }}

)

select
    analysis,
    sample_id,
    sample_order,
    coefficient,
    coefficient_order,
    value
from design_values
