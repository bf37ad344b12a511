with

pca_scores as (

    select * from {{ ref("stg_results__pca_scores") }}

)

select
    assay,
    sample_set,
    sample_id,
    component,
    score
from pca_scores
