with

results_module_summaries as (

    {{
        current_table(
            "results",
            "module_summary",
            {
                "analysis": "string",
                "pair": "string",
                "mode": "string",
                "seed_weight": "bigint",
                "n_nodes": "bigint",
                "n_edges": "bigint",
                "n_seeds": "bigint",
                "n_seeds_in_network": "bigint",
                "n_added": "bigint",
                "largest_component": "bigint",
                "random_mean": "double",
                "random_sd": "double",
                "z": "double",
                "p_value": "double",
                "n_random_sets": "bigint",
                "stability": "double",
                "n_stability_runs": "bigint",
            },
        )
    }}

)

select
    analysis,
    pair,
    mode,
    seed_weight,
    n_nodes,
    n_edges,
    n_seeds,
    n_seeds_in_network,
    n_added,
    largest_component,
    random_mean,
    random_sd,
    z,
    p_value,
    n_random_sets,
    stability,
    n_stability_runs
from results_module_summaries
