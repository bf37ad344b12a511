with

results_voom_trends as (

    {{
        current_table(
            "results",
            "voom_trend",
            {
                "analysis": "string",
                "feature_id": "string",
                "mean_log2_count": "double",
                "sqrt_sd": "double",
                "trend": "double",
            },
        )
    }}

)

select
    analysis,
    feature_id,
    mean_log2_count,
    sqrt_sd,
    trend
from results_voom_trends
