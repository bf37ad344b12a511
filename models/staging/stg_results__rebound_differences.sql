with

results_rebound_differences as (

    {{
        current_table(
            "results",
            "rebound_difference",
            {
                "analysis": "string",
                "pair": "string",
                "study_group": "string",
                "reference_group": "string",
                "feature_id": "string",
                "amplitude_difference": "double",
                "se": "double",
                "p_value": "double",
                "adj_p_value": "double",
            },
        )
    }}

)

select
    analysis,
    pair,
    study_group,
    reference_group,
    feature_id,
    amplitude_difference,
    se,
    p_value,
    adj_p_value
from results_rebound_differences
