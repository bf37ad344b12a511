with

contrast_overlaps as (

    select * from {{ ref("stg_results__contrast_overlaps") }}

)

select
    first_analysis,
    first_contrast,
    first_direction,
    second_analysis,
    second_contrast,
    second_direction,
    n_universe,
    n_first,
    n_second,
    n_both,
    expected,
    odds_ratio,
    p_value,
    correlated_by_design
from contrast_overlaps
