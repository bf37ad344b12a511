with

results_rebounds as (

    {{
        current_table(
            "results",
            "rebound",
            {
                "analysis": "string",
                "pair": "string",
                "study_group": "string",
                "first_contrast": "string",
                "second_contrast": "string",
                "feature_id": "string",
                "log_fc_first": "double",
                "log_fc_second": "double",
                "p_first": "double",
                "p_second": "double",
                "adj_p_first": "double",
                "adj_p_second": "double",
                "delta_beta_first": "double",
                "delta_beta_second": "double",
                "adj_p_rebound": "double",
                "adj_p_same": "double",
                "amplitude": "double",
                "amplitude_se": "double",
                "amplitude_p_value": "double",
            },
        )
    }}

)

select
    analysis,
    pair,
    study_group,
    first_contrast,
    second_contrast,
    feature_id,
    log_fc_first,
    log_fc_second,
    p_first,
    p_second,
    adj_p_first,
    adj_p_second,
    delta_beta_first,
    delta_beta_second,
    adj_p_rebound,
    adj_p_same,
    amplitude,
    amplitude_se,
    amplitude_p_value
from results_rebounds
