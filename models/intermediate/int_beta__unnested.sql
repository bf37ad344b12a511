with

beta_matrix as (

    select * from {{ ref("stg_lake__beta_matrix") }}

),

matrix_samples as (

    select * from {{ ref("stg_lake__matrix_samples") }}

),

unnested as (

    {{ unnest_matrix("beta_matrix", "matrix_samples", "probe_id", "beta") }}

)

select
    assay,
    probe_id,
    sample_id,
    beta
from unnested
