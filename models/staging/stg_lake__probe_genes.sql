with

lake_probe_genes as (

    {{
        current_table(
            "lake",
            "probe_gene",
            {
                "probe_id": "string",
                "gene_name": "string",
                "region": "string",
                "manifest": "string",
            },
        )
    }}

)

select
    probe_id,
    gene_name,
    region,
    manifest
from lake_probe_genes
