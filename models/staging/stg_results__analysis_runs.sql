with

runs as (

    {{
        current_table(
            "results",
            "analysis_run",
            {
                "analysis": "string",
                "assay": "string",
                "cohortmart_version": "string",
                "library_versions": "string",
                "parameters": "string",
                "inputs": "string",
                "coefficients": "string",
                "n_features": "bigint",
                "seconds": "double",
            },
        )
    }}

)

select
    analysis,
    assay,
    cohortmart_version,
    library_versions,
    parameters,
    inputs,
    coefficients,
    n_features,
    seconds
from runs
