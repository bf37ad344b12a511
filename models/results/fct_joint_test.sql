with

joint_tests as (

    select * from {{ ref("stg_results__joint_tests") }}

)

select
    analysis,
    test,
    feature_id,
    f,
    df1,
    df2,
    p_value,
    adj_p_value
from joint_tests
