with

results_contrasts as (

    {{
        current_table(
            "results",
            "contrast",
            {
                "analysis": "string",
                "contrast": "string",
                "contrast_order": "int",
                "assay": "string",
                "expression": "string",
                "meaning": "string",
                "n_samples": "bigint",
                "n_subjects": "bigint",
                "kind": "string",
                "n_complete": "bigint",
                "consensus_correlation": "double",
                "df_prior": "double",
                "s2_prior": "double",
                "values_used": "string",
                "contrast_errors": "string",
                "minimum_log_fc": "double",
                "limma_se_ratio_low": "double",
                "limma_se_ratio_median": "double",
                "limma_se_ratio_high": "double",
            },
        )
    }}

)

select
    analysis,
    contrast,
    contrast_order,
    assay,
    expression,
    meaning,
    n_samples,
    n_subjects,
    kind,
    n_complete,
    consensus_correlation,
    df_prior,
    s2_prior,
    values_used,
    contrast_errors,
    minimum_log_fc,
    limma_se_ratio_low,
    limma_se_ratio_median,
    limma_se_ratio_high
from results_contrasts
