with

results_dmp_deg as (

    {{
        current_table(
            "results",
            "dmp_deg",
            {
                "analysis": "string",
                "expression_analysis": "string",
                "contrast": "string",
                "probe_id": "string",
                "gene_name": "string",
                "gene_id": "string",
                "regions": "string",
                "is_promoter": "boolean",
                "methylation_log_fc": "double",
                "delta_beta": "double",
                "methylation_p_value": "double",
                "methylation_adj_p_value": "double",
                "expression_log_fc": "double",
                "expression_p_value": "double",
                "expression_adj_p_value": "double",
                "n_visits": "bigint",
                "n_subjects": "bigint",
                "r_within": "double",
                "df_within": "double",
                "p_within": "double",
                "adj_p_within": "double",
            },
        )
    }}

)

select
    analysis,
    expression_analysis,
    contrast,
    probe_id,
    gene_name,
    gene_id,
    regions,
    is_promoter,
    methylation_log_fc,
    delta_beta,
    methylation_p_value,
    methylation_adj_p_value,
    expression_log_fc,
    expression_p_value,
    expression_adj_p_value,
    n_visits,
    n_subjects,
    r_within,
    df_within,
    p_within,
    adj_p_within
from results_dmp_deg
