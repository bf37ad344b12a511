with

results_sample_sets as (

    {{
        current_table(
            "results",
            "sample_set",
            {
                "assay": "string",
                "sample_set": "string",
                "analysis": "string",
                "n_samples": "bigint",
                "n_features": "bigint",
            },
        )
    }}

)

select
    assay,
    sample_set,
    analysis,
    n_samples,
    n_features
from results_sample_sets
