with

lake_network_edges as (

    {{
        current_table(
            "lake",
            "network_edge",
            {
                "gene_a": "string",
                "gene_b": "string",
            },
        )
    }}

)

select
    gene_a,
    gene_b
from lake_network_edges
