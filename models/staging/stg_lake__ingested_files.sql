with

lake_ingested_files as (

    {{
        current_table(
            "lake",
            "ingested_file",
            {
                "file": "string",
                "role": "string",
                "sha256": "string",
                "bytes": "bigint",
                "rows": "bigint",
                "columns": "bigint",
                "format": "string",
                "options": "string",
                "reader_version": "string",
                "status": "string",
            },
        )
    }}

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
from lake_ingested_files
