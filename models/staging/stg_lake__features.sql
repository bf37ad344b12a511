with

lake_features as (

    {{
        current_table(
            "lake",
            "feature",
            {
                "assay": "string",
                "kind": "string",
                "feature_id": "string",
                "gene_name": "string",
            },
        )
    }}

)

select
    assay,
    kind,
    feature_id,
    gene_name
from lake_features
