with

results_pca_covariates as (

    {{
        current_table(
            "results",
            "pca_covariate",
            {
                "assay": "string",
                "sample_set": "string",
                "component": "int",
                "variable": "string",
                "kind": "string",
                "n_samples": "bigint",
                "df1": "int",
                "df2": "int",
                "r_squared": "double",
                "f": "double",
                "p_value": "double",
            },
        )
    }}

)

select
    assay,
    sample_set,
    component,
    variable,
    kind,
    n_samples,
    df1,
    df2,
    r_squared,
    f,
    p_value
from results_pca_covariates
