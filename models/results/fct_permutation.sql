with

permutation_results as (

    select * from {{ ref("stg_results__permutation_results") }}

)

select
    analysis,
    contrast,
    feature_id,
    p_own,
    p_pooled,
    p_family_wise
from permutation_results
