with

results_contrasts as (

    {{
        current_table(
            "results",
            "contrast",
            {
                "analysis": "string",
                "contrast": "string",
                "assay": "string",
                "expression": "string",
                "meaning": "string",
                "n_samples": "bigint",
                "n_subjects": "bigint",
                "consensus_correlation": "double",
                "df_prior": "double",
                "s2_prior": "double",
                "values_used": "string",
                "contrast_errors": "string",
            },
        )
    }}

)

select
    analysis,
    contrast,
    assay,
    expression,
    meaning,
    n_samples,
    n_subjects,
    consensus_correlation,
    df_prior,
    s2_prior,
    values_used,
    contrast_errors
from results_contrasts
