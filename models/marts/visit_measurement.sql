-- a view: the measurements are kept once, in the lake
{{ config(materialized="view") }}

with

measurements as (

    select * from {{ ref("fct_measurement") }}

),

samples as (

    select * from {{ ref("int_measure__samples") }}

),

measures as (

    select * from {{ ref("dim_measure") }}

)

select
    measurements.assay,
    samples.subject_id,
    samples.study_group,
    samples.group_order,
    samples.timepoint,
    samples.visit_order,
    samples.cell_type,
    samples.visit_key,
    measurements.sample_id,
    measurements.feature_id,
    measures.measure_name,
    measures.gene_name,
    measures.unit,
    measures.transformed_unit,
    measurements.value,
    measurements.transformed_value,
    measurements.below_detection,
    measurements.detection_limit,
    measurements.qc_flag
from measurements
inner join samples
    on
        measurements.assay = samples.assay
        and measurements.sample_id = samples.sample_id
inner join measures
    on
        measurements.assay = measures.assay
        and measurements.feature_id = measures.feature_id
