-- a view: the betas are kept once, in the lake
{{ config(materialized="view") }}

with

beta_matrix as (

    select
        assay,
        'raw' as layer,
        feature_id,
        measured
    from {{ ref("stg_lake__raw_beta_matrix") }}
    where feature_id like 'rs%'

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
