{{ config(materialized="view") }}

with

expression as (

    select * from {{ ref("fct_gene_expression") }}

),

samples as (

    select * from {{ ref("dim_sample") }}

),

genes as (

    select * from {{ ref("dim_gene") }}

)

select
    expression.assay,
    samples.subject_id,
    samples.study_group,
    samples.group_order,
    samples.timepoint,
    samples.visit_order,
    samples.cell_type,
    samples.visit_key,
    expression.sample_id,
    expression.gene_id,
    genes.gene_name,
    expression.count,
    expression.cpm,
    expression.log2_cpm
from expression
inner join samples
    on expression.sample_id = samples.sample_id
inner join genes
    on expression.gene_id = genes.gene_id
