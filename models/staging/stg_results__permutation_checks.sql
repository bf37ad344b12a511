with

results_permutation_checks as (

    {{
        current_table(
            "results",
            "permutation_check",
            {
                "analysis": "string",
                "contrast": "string",
                "n_permutations": "bigint",
                "n_features": "bigint",
                "n_left_out": "bigint",
                "between_share": "double",
                "n_found": "bigint",
                "n_expected": "double",
                "n_low": "double",
                "n_high": "double",
                "p_value": "double",
            },
        )
    }}

)

select
    analysis,
    contrast,
    n_permutations,
    n_features,
    n_left_out,
    between_share,
    n_found,
    n_expected,
    n_low,
    n_high,
    p_value
from results_permutation_checks
