{{ config(materialized="view") }}

with

methylation as (

    select * from {{ ref("fct_probe_methylation") }}

),

samples as (

    select * from {{ ref("dim_sample") }}

)

select
    methylation.assay,
    samples.subject_id,
    samples.study_group,
    samples.timepoint,
    samples.visit_order,
    samples.cell_type,
    samples.visit_key,
    methylation.sample_id,
    methylation.probe_id,
    methylation.beta,
    methylation.m_value
from methylation
inner join samples
    on methylation.sample_id = samples.sample_id
