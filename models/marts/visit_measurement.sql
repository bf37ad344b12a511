-- a view: the measurements are kept once, in the lake
{{ config(materialized="view") }}

with

raw_matrix as (

    select * from {{ ref("stg_lake__raw_measure_matrix") }}

),

measure_matrix as (

    select * from {{ ref("stg_lake__measure_matrix") }}

),

samples as (

    select * from {{ ref("int_measure__samples") }}

),

measures as (

    select * from {{ ref("dim_measure") }}

)

select
    raw_matrix.assay,
    samples.subject_id,
    samples.study_group,
    samples.timepoint,
    samples.visit_order,
    samples.cell_type,
    samples.visit_key,
    samples.sample_id,
    raw_matrix.feature_id,
    measures.measure_name,
    measures.gene_name,
    measures.unit,
    measures.transformed_unit,
    {{ list_element("raw_matrix.measured", "samples.position") }} as value,
    {{ list_element("measure_matrix.measured", "samples.position") }}
        as transformed_value,
    {{ list_element("raw_matrix.below_detection", "samples.position") }} = 1e0
        as below_detection,
    {{ list_element("raw_matrix.detection_limit", "samples.position") }}
        as detection_limit,
    {{ qc_word(list_element("raw_matrix.qc_flag", "samples.position")) }} as qc_flag
from raw_matrix
inner join measure_matrix
    on
        raw_matrix.assay = measure_matrix.assay
        and raw_matrix.feature_id = measure_matrix.feature_id
inner join samples
    on raw_matrix.assay = samples.assay
inner join measures
    on
        raw_matrix.assay = measures.assay
        and raw_matrix.feature_id = measures.feature_id
