with

lake_gene_sets as (

    {{
        current_table(
            "lake",
            "gene_set",
            {
                "collection": "string",
                "gene_set": "string",
                "description": "string",
                "gene_name": "string",
            },
        )
    }}

)

select
    collection,
    gene_set,
    description,
    gene_name
from lake_gene_sets
