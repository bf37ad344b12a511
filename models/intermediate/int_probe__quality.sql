-- a table in the order of the matrix: every view of the betas joins it
{{ config(materialized="table") }}

with

flags as (

    select * from {{ ref("int_probe__flags") }}

),

samples as (

    select * from {{ ref("int_sample__quality") }}

),

assays as (

    select * from {{ ref("stg_lake__assays") }}

),

annotation as (

    select * from {{ ref("int_probe__annotated") }}

),

masks as (

    select * from {{ ref("stg_lake__probe_masks") }}

),

quality as (

    {{ probe_quality("flags", "samples", "assays", "annotation", "masks") }}

)

select
    assay,
    feature_id,
    n_samples,
    n_missing,
    n_few_beads,
    missing_share,
    few_bead_share,
    failed_positions,
    common_probe_id,
    chromosome,
    position,
    filter_reason
from quality
order by assay asc nulls last, feature_id asc nulls last
