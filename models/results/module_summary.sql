with

module_summaries as (

    select * from {{ ref("stg_results__module_summaries") }}

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
from module_summaries
