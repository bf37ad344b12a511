with

count_matrix as (

    select * from {{ ref("stg_lake__count_matrix") }}

),

matrix_samples as (

    select * from {{ ref("stg_lake__matrix_samples") }}

),

unnested as (

    {{ unnest_matrix("count_matrix", "matrix_samples", "gene_id", "count") }}

)

select
    assay,
    gene_id,
    sample_id,
    count
from unnested
