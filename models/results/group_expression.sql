-- all keys are grouped by: a filter by analysis, gene or group then reaches the scan
with

analysis_samples as (

    select * from {{ ref("int_analysis__samples") }}

),

samples as (

    select * from {{ ref("dim_sample") }}

),

genes as (

    select * from {{ ref("dim_gene") }}

),

expression as (

    select * from {{ ref("fct_gene_expression") }}

),

sample_lists as (

    select
        analysis_samples.analysis,
        expression.gene_id,
        genes.gene_name,
        samples.study_group,
        samples.group_order,
        samples.timepoint,
        samples.visit_order,
        samples.cell_type,
        samples.visit_key,
        {{ list_in_order("expression.log2_cpm", "expression.sample_id") }} as measured
    from expression
    inner join analysis_samples
        on
            expression.assay = analysis_samples.assay
            and expression.sample_id = analysis_samples.sample_id
    inner join samples
        on expression.sample_id = samples.sample_id
    inner join genes
        on expression.gene_id = genes.gene_id
    group by
        analysis_samples.analysis,
        expression.gene_id,
        genes.gene_name,
        samples.study_group,
        samples.group_order,
        samples.timepoint,
        samples.visit_order,
        samples.cell_type,
        samples.visit_key

),

means as (

    select
        analysis,
        gene_id,
        gene_name,
        study_group,
        group_order,
        timepoint,
        visit_order,
        cell_type,
        visit_key,
        {{ list_known("measured") }} as n_subjects,
        {{ list_mean("measured") }} as mean_log2_cpm,
        {{ list_sd("measured") }} as sd_log2_cpm
    from sample_lists

)

select
    analysis,
    gene_id,
    gene_name,
    study_group,
    group_order,
    timepoint,
    visit_order,
    cell_type,
    visit_key,
    n_subjects,
    mean_log2_cpm,
    sd_log2_cpm,
    {{ t_interval("mean_log2_cpm", "sd_log2_cpm", "n_subjects") }}
from means
