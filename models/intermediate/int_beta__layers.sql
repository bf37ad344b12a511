with

annotated as (

    select * from {{ ref("int_probe__annotated") }}

),

kept_probes as (

    select
        quality.assay,
        quality.feature_id,
        quality.failed_positions,
        case
            when annotated.design_type in ('I', 'II') then annotated.design_type
            else 'unknown'
        end as design_type
    from {{ ref("int_probe__quality") }} as quality
    left join annotated
        on quality.feature_id = annotated.probe_id
    where quality.filter_reason is null

),

matrices as (

    select
        assay,
        'raw' as layer,
        feature_id,
        measured
    from {{ ref("stg_lake__raw_beta_matrix") }}

    union all

    select
        assay,
        layer,
        feature_id,
        measured
    from {{ ref("stg_lake__beta_matrix") }}
    where layer <> 'raw'

)

select
    matrices.assay,
    matrices.layer,
    matrices.feature_id,
    kept_probes.design_type,
    {{ kept_list("matrices", "kept_probes") }} as measured
from matrices
inner join kept_probes
    on
        matrices.assay = kept_probes.assay
        and matrices.feature_id = kept_probes.feature_id
