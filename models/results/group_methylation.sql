-- the betas of a group are picked from the list of the probe: none is unnested, and a
-- filter by analysis and probe reaches the scan
with

beta_matrix as (

    select * from {{ ref("stg_lake__beta_matrix") }}

),

kept_probes as (

    select * from {{ ref("int_probe__quality") }}
    where filter_reason is null

),

analysis_samples as (

    select * from {{ ref("int_analysis__samples") }}

),

kept_samples as (

    select * from {{ ref("int_beta__kept_samples") }}

),

group_positions as (

    select
        analysis_samples.analysis,
        kept_samples.assay,
        kept_samples.layer,
        kept_samples.study_group,
        kept_samples.timepoint,
        kept_samples.visit_order,
        kept_samples.cell_type,
        kept_samples.visit_key,
        {{ list_in_order("layer_position", "layer_position") }} as positions
    from analysis_samples
    inner join kept_samples
        on
            analysis_samples.assay = kept_samples.assay
            and analysis_samples.sample_id = kept_samples.sample_id
    group by
        analysis_samples.analysis,
        kept_samples.assay,
        kept_samples.layer,
        kept_samples.study_group,
        kept_samples.timepoint,
        kept_samples.visit_order,
        kept_samples.cell_type,
        kept_samples.visit_key

),

betas as (

    select
        group_positions.analysis,
        beta_matrix.feature_id as probe_id,
        group_positions.study_group,
        group_positions.timepoint,
        group_positions.visit_order,
        group_positions.cell_type,
        group_positions.visit_key,
        {{ list_pick(
            kept_list("beta_matrix", "kept_probes"), "group_positions.positions"
        ) }} as measured
    from beta_matrix
    inner join kept_probes
        on
            beta_matrix.assay = kept_probes.assay
            and beta_matrix.feature_id = kept_probes.feature_id
    inner join group_positions
        on
            beta_matrix.assay = group_positions.assay
            and beta_matrix.layer = group_positions.layer

),

means as (

    select
        analysis,
        probe_id,
        study_group,
        timepoint,
        visit_order,
        cell_type,
        visit_key,
        {{ list_known("measured") }} as n_subjects,
        {{ list_mean("measured") }} as mean_beta,
        {{ list_sd("measured") }} as sd_beta
    from betas

)

select
    means.analysis,
    means.probe_id,
    feature_names.feature_name as gene_names,
    means.study_group,
    means.timepoint,
    means.visit_order,
    means.cell_type,
    means.visit_key,
    means.n_subjects,
    means.mean_beta,
    means.sd_beta,
    {{ t_interval("mean_beta", "sd_beta", "n_subjects") }}
from means
left join {{ ref("int_analysis__feature_names") }} as feature_names
    on
        means.analysis = feature_names.analysis
        and means.probe_id = feature_names.feature_id
