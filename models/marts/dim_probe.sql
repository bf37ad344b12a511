with

features as (

    select * from {{ ref("stg_lake__features") }}

)

select
    feature_id as probe_id,
    cast(null as string) as chromosome,
    cast(null as bigint) as position,
    cast(null as string) as genome_build,
    cast(null as string) as design_type,
    cast(null as string) as island,
    cast(null as string) as filter_reason
from features
where kind = 'beta'
group by feature_id
order by probe_id asc nulls last
