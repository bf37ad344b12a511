with

linked as (

    select * from {{ ref("stg_results__dmp_deg") }}

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
    case
        when is_promoter then 'promoter'
        when regions is null then 'unknown region'
        else 'gene body'
    end
    || case when methylation_log_fc > 0e0 then ' up' else ' down' end
    || ', expression'
    || case when expression_log_fc > 0e0 then ' up' else ' down' end as direction,
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
from linked
