with

results_module_genes as (

    {{
        current_table(
            "results",
            "module_gene",
            {
                "analysis": "string",
                "pair": "string",
                "gene_name": "string",
                "is_seed": "boolean",
                "rank": "bigint",
                "n_links": "bigint",
                "n_module_links": "bigint",
                "p_value": "double",
                "log10_p": "double",
                "n_tied": "bigint",
                "in_largest_component": "boolean",
                "stability": "double",
            },
        )
    }}

)

select
    analysis,
    pair,
    gene_name,
    is_seed,
    rank,
    n_links,
    n_module_links,
    p_value,
    log10_p,
    n_tied,
    in_largest_component,
    stability
from results_module_genes
