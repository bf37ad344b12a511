with

results_mds_coordinates as (

    {{
        current_table(
            "results",
            "mds_coordinate",
            {
                "assay": "string",
                "sample_set": "string",
                "sample_id": "string",
                "dimension": "int",
                "coordinate": "double",
            },
        )
    }}

)

select
    assay,
    sample_set,
    sample_id,
    dimension,
    coordinate
from results_mds_coordinates
