with

count_quality as (

    select * from {{ ref("int_count__quality") }}

),

beta_quality as (

    select * from {{ ref("int_sample__quality") }}

),

measure_quality as (

    select * from {{ ref("int_measure__quality") }}

),

factors as (

    select * from {{ ref("int_sample__tmm") }}

),

normalised as (

    select
        assay,
        sample_id,
        min(layer || ': ' || fault) as fault,
        max(type_distance_before) as type_distance_before,
        max(type_distance_after) as type_distance_after
    from {{ ref("stg_lake__layer_samples") }}
    group by assay, sample_id

),

quality as (

    select
        count_quality.assay,
        count_quality.sample_id,
        factors.lib_size,
        factors.norm_factor,
        count_quality.n_detected,
        count_quality.missing_share,
        cast(null as double) as detection_failed_share,
        cast(null as string) as filter_reason,
        cast(null as double) as type_distance_before,
        cast(null as double) as type_distance_after
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
        missing_share,
        cast(null as double) as detection_failed_share,
        cast(null as string) as filter_reason,
        cast(null as double) as type_distance_before,
        cast(null as double) as type_distance_after
    from measure_quality

    union all

    select
        beta_quality.assay,
        beta_quality.sample_id,
        cast(null as double) as lib_size,
        cast(null as double) as norm_factor,
        beta_quality.n_probes
        - beta_quality.n_absent
        - coalesce(beta_quality.n_failed, 0)
            as n_detected,
        beta_quality.missing_share,
        cast(beta_quality.n_failed as double) / beta_quality.n_probes
            as detection_failed_share,
        coalesce(beta_quality.filter_reason, normalised.fault) as filter_reason,
        normalised.type_distance_before,
        normalised.type_distance_after
    from beta_quality
    left join normalised
        on
            beta_quality.assay = normalised.assay
            and beta_quality.sample_id = normalised.sample_id

)

select
    assay,
    sample_id,
    lib_size,
    norm_factor,
    n_detected,
    missing_share,
    detection_failed_share,
    filter_reason,
    type_distance_before,
    type_distance_after
from quality
order by assay asc nulls last, sample_id asc nulls last
