with

counts as (

    select * from {{ ref("int_count__unnested") }}

),

betas as (

    select * from {{ ref("int_beta__unnested") }}

),

factors as (

    select * from {{ ref("int_sample__tmm") }}

),

count_quality as (

    select
        assay,
        sample_id,
        count(case when count > 0 then 1 end) as n_detected,
        count(case when count is null then 1 end) / cast(count(*) as double)
            as missing_share
    from counts
    group by assay, sample_id

),

beta_quality as (

    select
        assay,
        sample_id,
        count(beta) as n_detected,
        count(case when beta is null then 1 end) / cast(count(*) as double)
            as missing_share
    from betas
    group by assay, sample_id

),

quality as (

    select
        count_quality.assay,
        count_quality.sample_id,
        factors.lib_size,
        factors.norm_factor,
        count_quality.n_detected,
        count_quality.missing_share
    from count_quality
    left join factors
        on
            count_quality.assay = factors.assay
            and count_quality.sample_id = factors.sample_id

    union all

    select
        assay,
        sample_id,
        cast(null as double) as lib_size,
        cast(null as double) as norm_factor,
        n_detected,
        missing_share
    from beta_quality

)

select
    assay,
    sample_id,
    lib_size,
    norm_factor,
    n_detected,
    missing_share
from quality
order by assay asc nulls last, sample_id asc nulls last
