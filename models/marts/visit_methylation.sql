-- a view: the betas are kept once, in the lake. One flat select without arithmetic: a
-- filter or a join by probe then reaches the scan of the lake
{{ config(materialized="view") }}

with

beta_matrix as (

    select * from {{ ref("stg_lake__beta_matrix") }}

),

kept_probes as (

    select * from {{ ref("int_probe__quality") }}
    where filter_reason is null

),

kept_samples as (

    select * from {{ ref("int_beta__kept_samples") }}

)

select
    beta_matrix.assay,
    kept_samples.subject_id,
    kept_samples.study_group,
    kept_samples.group_order,
    kept_samples.timepoint,
    kept_samples.visit_order,
    kept_samples.cell_type,
    kept_samples.visit_key,
    kept_samples.sample_id,
    beta_matrix.feature_id as probe_id,
    kept_probes.common_probe_id,
    kept_probes.chromosome,
    kept_probes.position,
    {{ kept_value("measured") }} as beta,
    {{ kept_value("m_values") }} as m_value
from beta_matrix
inner join kept_probes
    on
        beta_matrix.assay = kept_probes.assay
        and beta_matrix.feature_id = kept_probes.feature_id
inner join kept_samples
    on
        beta_matrix.assay = kept_samples.assay
        and beta_matrix.layer = kept_samples.layer
