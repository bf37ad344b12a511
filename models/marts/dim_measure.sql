with

measures as (

    select * from {{ ref("stg_lake__measures") }}

),

features as (

    select * from {{ ref("stg_lake__features") }}
    where kind = 'continuous'

)

select
    measures.assay,
    measures.feature_id,
    coalesce(measures.measure_name, features.gene_name, measures.feature_id)
        as measure_name,
    measures.unit,
    features.gene_name,
    measures.uniprot,
    measures.transform,
    measures.transformed_unit
from measures
inner join features
    on
        measures.assay = features.assay
        and measures.feature_id = features.feature_id
order by measures.assay asc nulls last, measures.feature_id asc nulls last
