with

results_pca_scores as (

    {{
        current_table(
            "results",
            "pca_score",
            {
                "assay": "string",
                "sample_set": "string",
                "sample_id": "string",
                "component": "int",
                "score": "double",
            },
        )
    }}

)

select
    assay,
    sample_set,
    sample_id,
    component,
    score
from results_pca_scores
