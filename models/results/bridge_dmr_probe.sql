with

members as (

    select * from {{ ref("stg_results__dmr_probes") }}

),

feature_names as (

    select * from {{ ref("int_analysis__feature_names") }}

)

select
    members.analysis,
    members.contrast,
    members.region_id,
    members.probe_id,
    feature_names.feature_name as gene_names
from members
left join feature_names
    on
        members.analysis = feature_names.analysis
        and members.probe_id = feature_names.feature_id
