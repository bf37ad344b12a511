with

results_contrast_overlaps as (

    {{
        current_table(
            "results",
            "contrast_overlap",
            {
                "first_analysis": "string",
                "first_contrast": "string",
                "first_direction": "string",
                "second_analysis": "string",
                "second_contrast": "string",
                "second_direction": "string",
                "n_universe": "bigint",
                "n_first": "bigint",
                "n_second": "bigint",
                "n_both": "bigint",
                "expected": "double",
                "odds_ratio": "double",
                "p_value": "double",
                "correlated_by_design": "boolean",
            },
        )
    }}

)

select
    first_analysis,
    first_contrast,
    first_direction,
    second_analysis,
    second_contrast,
    second_direction,
    n_universe,
    n_first,
    n_second,
    n_both,
    expected,
    odds_ratio,
    p_value,
    correlated_by_design
from results_contrast_overlaps
