-- a table: every view of the measurements joins these few rows
{{ config(materialized="table") }}

with

matrix_samples as (

    select * from {{ ref("stg_lake__matrix_samples") }}
    where kind = 'continuous'

),

layers as (

    select
        assay,
        layer
    from {{ ref("stg_lake__measure_matrix") }}
    group by assay, layer

),

samples as (

    select * from {{ ref("dim_sample") }}

)

select
    matrix_samples.assay,
    matrix_samples.position,
    samples.sample_id,
    samples.subject_id,
    samples.study_group,
    samples.group_order,
    samples.timepoint,
    samples.visit_order,
    samples.cell_type,
    samples.visit_key,
    matrix_samples.layer
from matrix_samples
inner join layers
    on
        matrix_samples.assay = layers.assay
        and matrix_samples.layer = layers.layer
inner join samples
    on matrix_samples.sample_id = samples.sample_id
order by
    matrix_samples.assay asc nulls last,
    matrix_samples.position asc nulls last
