with

files as (

    select * from {{ ref("stg_lake__ingested_files") }}

)

select
    file,
    role,
    sha256,
    bytes,
    rows,
    columns,
    format,
    options,
    reader_version,
    status
from files
order by
    role asc nulls last,
    file asc nulls last,
    sha256 asc nulls last,
    options asc nulls last,
    reader_version asc nulls last,
    status asc nulls last
