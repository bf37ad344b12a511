with

lake_assays as (

    {{
        current_table(
            "lake",
            "assay",
            {
                "assay": "string",
                "kind": "string",
                "m_value_clip": "double",
            },
        )
    }}

)

select
    assay,
    kind,
    m_value_clip
from lake_assays
