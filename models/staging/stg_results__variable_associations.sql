with

results_variable_associations as (

    {{
        current_table(
            "results",
            "variable_association",
            {
                "assay": "string",
                "sample_set": "string",
                "first_variable": "string",
                "second_variable": "string",
                "statistic": "string",
                "n_samples": "bigint",
                "strength": "double",
                "p_value": "double",
            },
        )
    }}

)

select
    assay,
    sample_set,
    first_variable,
    second_variable,
    statistic,
    n_samples,
    strength,
    p_value
from results_variable_associations
