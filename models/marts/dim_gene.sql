with

features as (

    select * from {{ ref("stg_lake__features") }}

)

select
    feature_id as gene_id,
    -- where assays disagree, the first name in the alphabet; where none has one, the id
    coalesce(min(gene_name), feature_id) as gene_name,
    cast(null as string) as chromosome,
    cast(null as bigint) as start_position,
    cast(null as bigint) as end_position
from features
where kind = 'counts'
group by feature_id
order by gene_id asc nulls last
