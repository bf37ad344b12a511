-- a table: every view of the betas joins these few rows with all it needs of a sample
{{ config(materialized="table") }}

with

layers as (

    select
        assay,
        layer
    from {{ ref("stg_lake__beta_matrix") }}
    group by assay, layer

),

quality as (

    select * from {{ ref("int_sample__quality") }}

)

select
    matrix_samples.assay,
    row_number() over (
        partition by matrix_samples.assay
        order by matrix_samples.position asc nulls last
    ) as position,
    samples.sample_id,
    samples.subject_id,
    samples.study_group,
    samples.group_order,
    samples.timepoint,
    samples.visit_order,
    samples.cell_type,
    samples.visit_key,
    matrix_samples.layer,
    matrix_samples.position as layer_position
from {{ ref("stg_lake__matrix_samples") }} as matrix_samples
inner join layers
    on
        matrix_samples.assay = layers.assay
        and matrix_samples.layer = layers.layer
inner join {{ ref("dim_sample") }} as samples
    on matrix_samples.sample_id = samples.sample_id
left join quality
    on
        matrix_samples.assay = quality.assay
        and matrix_samples.sample_id = quality.sample_id
where quality.filter_reason is null
order by
    matrix_samples.assay asc nulls last,
    matrix_samples.position asc nulls last
