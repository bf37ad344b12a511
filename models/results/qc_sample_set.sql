with

sample_sets as (

    select * from {{ ref("stg_results__sample_sets") }}

)

select
    assay,
    sample_set,
    analysis,
    n_samples,
    n_features
from sample_sets
