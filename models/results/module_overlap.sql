with

module_overlaps as (

    select * from {{ ref("stg_results__module_overlaps") }}

)

select
    first_analysis,
    first_pair,
    second_analysis,
    second_pair,
    n_nodes,
    n_first,
    n_second,
    n_both,
    odds_ratio,
    p_value
from module_overlaps
