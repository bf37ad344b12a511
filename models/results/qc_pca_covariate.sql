with

pca_covariates as (

    select * from {{ ref("stg_results__pca_covariates") }}

)

select
    assay,
    sample_set,
    component,
    variable,
    kind,
    n_samples,
    df1,
    df2,
    r_squared,
    f,
    p_value
from pca_covariates
