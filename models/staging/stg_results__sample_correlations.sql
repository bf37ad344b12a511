with

results_sample_correlations as (

    {{
        current_table(
            "results",
            "sample_correlation",
            {
                "assay": "string",
                "sample_set": "string",
                "first_sample_id": "string",
                "second_sample_id": "string",
                "r": "double",
            },
        )
    }}

)

select
    assay,
    sample_set,
    first_sample_id,
    second_sample_id,
    r
from results_sample_correlations
