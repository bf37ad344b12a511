with

samples as (

    select * from {{ ref("stg_lake__samples") }}

)

-- all columns, because the study's own factors and covariates differ between studies
select *
from samples
order by sample_id asc nulls last
