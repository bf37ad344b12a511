-- a table: it takes a pass over all betas, of which only few positions matter
{{ config(materialized="table") }}

with

betas as (

    select * from {{ ref("stg_lake__raw_beta_matrix") }}

),

assays as (

    select * from {{ ref("stg_lake__assays") }}

),

flags as (

    {{ probe_flags("betas", "assays") }}

)

select
    assay,
    feature_id,
    n_samples,
    has_detection_p,
    has_bead_count,
    absent_positions,
    failed_positions,
    few_bead_positions
from flags
