with

design_values as (

    select * from {{ ref("design_matrix") }}

),

analysis_runs as (

    select * from {{ ref("analysis_run") }}

)

-- every sample has a value for the first coefficient
select
    design_values.analysis,
    analysis_runs.assay,
    design_values.sample_id
from design_values
inner join analysis_runs
    on design_values.analysis = analysis_runs.analysis
where design_values.coefficient_order = 1
