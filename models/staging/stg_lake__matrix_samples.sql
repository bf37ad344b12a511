with

lake_matrix_samples as (

    {{
        current_table(
            "lake",
            "matrix_sample",
            {
                "assay": "string",
                "kind": "string",
                "layer": "string",
                "position": "int",
                "sample_id": "string",
                "column_name": "string",
            },
        )
    }}

)

select
    assay,
    kind,
    layer,
    position,
    sample_id,
    column_name
from lake_matrix_samples
