-- Marts and results are there for your models; staging and intermediate ones are not.
select
    analysis,
    feature_id,
    arg_min(contrast, p_value) as contrast,
    arg_min(log_fc, p_value) as log_fc,
    min(p_value) as p_value
from {{ ref("fct_contrast_result") }}
where adj_p_value < 0.05
group by analysis, feature_id
