with

lake_layer_samples as (

    {{
        current_table(
            "lake",
            "layer_sample",
            {
                "assay": "string",
                "layer": "string",
                "sample_id": "string",
                "fault": "string",
                "n_moved": "bigint",
                "type_distance_before": "double",
                "type_distance_after": "double",
            },
        )
    }}

)

select
    assay,
    layer,
    sample_id,
    fault,
    n_moved,
    type_distance_before,
    type_distance_after
from lake_layer_samples
