with

analysis_notes as (

    select * from {{ ref("stg_results__analysis_notes") }}

)

select
    analysis,
    note_order,
    kind,
    note
from analysis_notes
