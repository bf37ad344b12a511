with

results_design_values as (

    {{
        current_table(
            "results",
            "design_value",
            {
                "analysis": "string",
                "sample_id": "string",
                "sample_order": "int",
                "coefficient": "string",
                "coefficient_order": "int",
                "value": "double",
            },
        )
    }}

)

select
    analysis,
    sample_id,
    sample_order,
    coefficient,
    coefficient_order,
    value
from results_design_values
