with

results_contrast_results as (

    {{
        current_table(
            "results",
            "contrast_result",
            {
                "analysis": "string",
                "contrast": "string",
                "feature_id": "string",
                "log_fc": "double",
                "se": "double",
                "ci_quantile": "double",
                "ave_expr": "double",
                "df_total": "double",
                "s2_post": "double",
                "df_prior": "double",
                "s2_prior": "double",
                "p_value": "double",
                "adj_p_value": "double",
                "b": "double",
                "delta_beta": "double",
            },
        )
    }}

)

select
    analysis,
    contrast,
    feature_id,
    log_fc,
    se,
    ci_quantile,
    ave_expr,
    df_total,
    s2_post,
    df_prior,
    s2_prior,
    p_value,
    adj_p_value,
    b,
    delta_beta
from results_contrast_results
