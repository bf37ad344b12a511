with

results_rebound_pairs as (

    {{
        current_table(
            "results",
            "rebound_pair",
            {
                "analysis": "string",
                "pair": "string",
                "study_group": "string",
                "cell_type": "string",
                "first_contrast": "string",
                "second_contrast": "string",
                "preset": "string",
            },
        )
    }}

)

select
    analysis,
    pair,
    study_group,
    cell_type,
    first_contrast,
    second_contrast,
    preset
from results_rebound_pairs
