-- a view: the betas are kept once, in the lake
{{ config(materialized="view") }}

with

betas as (

    select * from {{ ref("int_beta__unnested") }}

),

assays as (

    select * from {{ ref("stg_lake__assays") }}

),

clipped as (

    select
        betas.assay,
        betas.probe_id,
        betas.sample_id,
        betas.beta,
        -- greatest() and least() pass over a null: a missing beta has to be kept apart
        case
            when betas.beta is not null
                then greatest(
                    least(betas.beta, 1e0 - {{ m_value_clip() }}),
                    {{ m_value_clip() }}
                )
        end as clipped_beta
    from betas
    left join assays
        on betas.assay = assays.assay

)

select
    assay,
    probe_id,
    sample_id,
    beta,
    log2(clipped_beta / (1e0 - clipped_beta)) as m_value
from clipped
