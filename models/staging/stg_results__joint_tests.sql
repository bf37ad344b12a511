with

results_joint_tests as (

    {{
        current_table(
            "results",
            "joint_test",
            {
                "analysis": "string",
                "test": "string",
                "feature_id": "string",
                "f": "double",
                "df1": "double",
                "df2": "double",
                "p_value": "double",
                "adj_p_value": "double",
            },
        )
    }}

)

select
    analysis,
    test,
    feature_id,
    f,
    df1,
    df2,
    p_value,
    adj_p_value
from results_joint_tests
