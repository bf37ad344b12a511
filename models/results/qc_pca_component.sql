with

pca_components as (

    select * from {{ ref("stg_results__pca_components") }}

)

select
    assay,
    sample_set,
    component,
    variance_share
from pca_components
