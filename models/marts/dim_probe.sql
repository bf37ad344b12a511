with

annotated as (

    select * from {{ ref("int_probe__annotated") }}

),

quality as (

    select * from {{ ref("int_probe__quality") }}

),

-- a probe of several assays is kept if one of them keeps it
reasons as (

    select
        feature_id,
        case
            when count(filter_reason) = count(*) then min_by(filter_reason, assay)
        end as filter_reason
    from quality
    group by feature_id

)

select
    annotated.probe_id,
    annotated.common_probe_id,
    annotated.chromosome,
    annotated.position,
    annotated.genome_build,
    annotated.strand,
    annotated.design_type,
    annotated.island,
    annotated.island_name,
    annotated.manifest,
    reasons.filter_reason
from annotated
left join reasons
    on annotated.probe_id = reasons.feature_id
order by probe_id asc nulls last
