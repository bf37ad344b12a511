{{ config(materialized="view") }}

with

quality as (

    select * from {{ ref("int_probe__quality") }}

)

select
    assay,
    feature_id as probe_id,
    n_samples,
    missing_share,
    few_bead_share as low_bead_share,
    filter_reason
from quality
