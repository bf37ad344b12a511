with

results_contrast_weights as (

    {{
        current_table(
            "results",
            "contrast_weight",
            {
                "analysis": "string",
                "contrast": "string",
                "coefficient": "string",
                "coefficient_order": "int",
                "weight": "double",
            },
        )
    }}

)

select
    analysis,
    contrast,
    coefficient,
    coefficient_order,
    weight
from results_contrast_weights
