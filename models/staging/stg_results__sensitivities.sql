with

results_sensitivities as (

    {{
        current_table(
            "results",
            "sensitivity",
            {
                "analysis": "string",
                "contrast": "string",
                "feature_id": "string",
                "variant": "string",
                "variant_order": "int",
                "log_fc": "double",
                "se": "double",
                "t": "double",
                "p_value": "double",
                "adj_p_value": "double",
                "holds": "boolean",
                "n_samples": "bigint",
                "fault": "string",
            },
        )
    }}

)

select
    analysis,
    contrast,
    feature_id,
    variant,
    variant_order,
    log_fc,
    se,
    t,
    p_value,
    adj_p_value,
    holds,
    n_samples,
    fault
from results_sensitivities
