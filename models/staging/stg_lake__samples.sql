with

lake_samples as (

    {{
        current_table(
            "lake",
            "sample",
            {
                "sample_id": "string",
                "subject_id": "string",
                "study_group": "string",
                "timepoint": "string",
                "visit_order": "int",
                "cell_type": "string",
                "visit_key": "string",
            },
            further=true,
        )
    }}

)

select *
from lake_samples
