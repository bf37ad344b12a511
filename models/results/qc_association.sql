with

variable_associations as (

    select * from {{ ref("stg_results__variable_associations") }}

)

select
    assay,
    sample_set,
    first_variable,
    second_variable,
    statistic,
    n_samples,
    strength,
    p_value
from variable_associations
