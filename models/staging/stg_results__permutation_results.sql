with

results_permutation_results as (

    {{
        current_table(
            "results",
            "permutation_result",
            {
                "analysis": "string",
                "contrast": "string",
                "feature_id": "string",
                "p_own": "double",
                "p_pooled": "double",
                "p_family_wise": "double",
            },
        )
    }}

)

select
    analysis,
    contrast,
    feature_id,
    p_own,
    p_pooled,
    p_family_wise
from results_permutation_results
