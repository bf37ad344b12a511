-- the values of a group are picked from the list of the measure: none is unnested
with

measure_matrix as (

    select * from {{ ref("stg_lake__measure_matrix") }}

),

measures as (

    select * from {{ ref("dim_measure") }}

),

analysis_samples as (

    select * from {{ ref("int_analysis__samples") }}

),

samples as (

    select * from {{ ref("int_measure__samples") }}

),

group_positions as (

    select
        analysis_samples.analysis,
        samples.assay,
        samples.study_group,
        samples.group_order,
        samples.timepoint,
        samples.visit_order,
        samples.cell_type,
        samples.visit_key,
        {{ list_in_order("samples.position", "samples.position") }} as positions
    from analysis_samples
    inner join samples
        on
            analysis_samples.assay = samples.assay
            and analysis_samples.sample_id = samples.sample_id
    group by
        analysis_samples.analysis,
        samples.assay,
        samples.study_group,
        samples.group_order,
        samples.timepoint,
        samples.visit_order,
        samples.cell_type,
        samples.visit_key

),

measured as (

    select
        group_positions.analysis,
        measure_matrix.feature_id,
        measures.measure_name,
        measures.transformed_unit,
        group_positions.study_group,
        group_positions.group_order,
        group_positions.timepoint,
        group_positions.visit_order,
        group_positions.cell_type,
        group_positions.visit_key,
        {{ list_pick("measure_matrix.measured", "group_positions.positions") }}
            as measured
    from measure_matrix
    inner join measures
        on
            measure_matrix.assay = measures.assay
            and measure_matrix.feature_id = measures.feature_id
    inner join group_positions
        on measure_matrix.assay = group_positions.assay

),

means as (

    select
        analysis,
        feature_id,
        measure_name,
        transformed_unit,
        study_group,
        group_order,
        timepoint,
        visit_order,
        cell_type,
        visit_key,
        {{ list_known("measured") }} as n_subjects,
        {{ list_mean("measured") }} as mean_transformed_value,
        {{ list_sd("measured") }} as sd_transformed_value
    from measured

)

select
    analysis,
    feature_id,
    measure_name,
    transformed_unit,
    study_group,
    group_order,
    timepoint,
    visit_order,
    cell_type,
    visit_key,
    n_subjects,
    mean_transformed_value,
    sd_transformed_value,
    {{ t_interval("mean_transformed_value", "sd_transformed_value", "n_subjects") }}
from means
