with

analysis_runs as (

    select * from {{ ref("analysis_run") }}

),

features as (

    select * from {{ ref("dim_feature") }}

)

-- grouped by its keys, so that DuckDB sees that a join to it adds no row and leaves the
-- join out of every count that asks for no name
select
    analysis_runs.analysis,
    features.feature_id,
    max(features.feature_name) as feature_name
from analysis_runs
inner join features
    on analysis_runs.assay = features.assay
group by analysis_runs.analysis, features.feature_id
