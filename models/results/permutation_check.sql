with

permutation_checks as (

    select * from {{ ref("stg_results__permutation_checks") }}

)

select
    analysis,
    contrast,
    n_permutations,
    n_features,
    n_left_out,
    between_share,
    n_found,
    n_expected,
    n_low,
    n_high,
    p_value
from permutation_checks
