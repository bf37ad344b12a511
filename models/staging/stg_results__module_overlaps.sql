with

results_module_overlaps as (

    {{
        current_table(
            "results",
            "module_overlap",
            {
                "first_analysis": "string",
                "first_pair": "string",
                "second_analysis": "string",
                "second_pair": "string",
                "n_nodes": "bigint",
                "n_first": "bigint",
                "n_second": "bigint",
                "n_both": "bigint",
                "odds_ratio": "double",
                "p_value": "double",
            },
        )
    }}

)

select
    first_analysis,
    first_pair,
    second_analysis,
    second_pair,
    n_nodes,
    n_first,
    n_second,
    n_both,
    odds_ratio,
    p_value
from results_module_overlaps
