with

results_contrast_correlations as (

    {{
        current_table(
            "results",
            "contrast_correlation",
            {
                "analysis": "string",
                "first_contrast": "string",
                "second_contrast": "string",
                "n_features": "bigint",
                "r": "double",
                "r_low": "double",
                "r_high": "double",
                "r_no_effect": "double",
                "no_effect_low": "double",
                "no_effect_high": "double",
                "p_value": "double",
                "n_features_rotated": "bigint",
                "n_rotations": "bigint",
                "r_biological": "double",
                "biological_p_value": "double",
            },
        )
    }}

)

select
    analysis,
    first_contrast,
    second_contrast,
    n_features,
    r,
    r_low,
    r_high,
    r_no_effect,
    no_effect_low,
    no_effect_high,
    p_value,
    n_features_rotated,
    n_rotations,
    r_biological,
    biological_p_value
from results_contrast_correlations
