with

results_pca_components as (

    {{
        current_table(
            "results",
            "pca_component",
            {
                "assay": "string",
                "sample_set": "string",
                "component": "int",
                "variance_share": "double",
            },
        )
    }}

)

select
    assay,
    sample_set,
    component,
    variance_share
from results_pca_components
