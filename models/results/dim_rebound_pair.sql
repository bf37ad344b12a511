with

pairs as (

    select * from {{ ref("stg_results__rebound_pairs") }}

),

study_groups as (

    select * from {{ ref("int_study__groups") }}

)

select
    pairs.analysis,
    pairs.pair,
    pairs.study_group,
    study_groups.group_order,
    pairs.cell_type,
    pairs.first_contrast,
    pairs.second_contrast,
    pairs.preset
from pairs
left join study_groups
    on pairs.study_group = study_groups.study_group
