-- a table: several marts read these few rows
{{ config(materialized="table") }}

with

flags as (

    select * from {{ ref("int_probe__flags") }}

),

raw_samples as (

    select * from {{ ref("stg_lake__matrix_samples") }}
    where layer = 'raw' and kind = 'beta'

),

assays as (

    select * from {{ ref("stg_lake__assays") }}

),

quality as (

    {{ sample_quality("flags", "raw_samples", "assays") }}

)

select
    assay,
    position,
    sample_id,
    n_probes,
    n_absent,
    n_failed,
    missing_share,
    filter_reason
from quality
order by assay asc nulls last, position asc nulls last
