with

runs as (

    select * from {{ ref("stg_results__analysis_runs") }}

)

select
    analysis,
    assay,
    cohortmart_version,
    library_versions,
    parameters,
    inputs,
    coefficients,
    n_features,
    seconds
from runs
