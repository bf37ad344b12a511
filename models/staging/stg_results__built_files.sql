-- a table: it remembers what was current when the warehouse was built
{{ config(materialized="table") }}

with

listed as (

    {{ listed_files("results") }}

)

select
    table_name,
    part,
    path,
    {{ sql_text(study_home()) }} as home,
    {{ sql_text(project_mark()) }} as project_mark
from listed
order by
    table_name asc nulls last,
    part asc nulls last,
    path asc nulls last
