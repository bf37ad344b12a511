-- no joins: they would not keep the order of the lake, in which the analyses read
with

kept_rows as (

    {{ kept_beta_rows(
        ref("int_probe__quality"), ref("int_beta__kept_samples")
    ) }}

)

select
    assay,
    feature_id,
    measured
from kept_rows
