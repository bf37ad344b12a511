{#
    TMM normalisation (Robinson & Oshlack 2010) and counts per million, once for all rooms.

    Plain Jinja without dbt's context, so that Python renders the same file:
        jinja2.Environment().from_string(text).module.tmm_factors("counts")
    `counts` and `factors` name relations: counts (assay, feature_id, sample_id, count),
    factors (assay, sample_id, lib_size, norm_factor). Every assay is normalised by itself.
#}


{#
    A sum that does not depend on the order of its rows, hence not on the number of threads:
    decimals add up exactly where doubles round at every step. `places` must leave room for
    the largest sum before the point (38 digits in all).
#}
{% macro exact_sum(expression, places=15) -%}
    cast(sum(cast({{ expression }} as decimal(38, {{ places }}))) as double)
{%- endmacro %}


{#
    One row per assay x sample: lib_size (sum of the counts given), norm_factor (TMM; their
    geometric mean over the samples of the assay is 1). A sample without a feature to compare
    has factor 1. Samples equally near to the mean upper quartile: the first sample_id is the
    reference, so that the order of the columns changes nothing.
#}
{% macro tmm_factors(counts) %}
with

library_sizes as (

    select
        assay,
        sample_id,
        {{ exact_sum("count") }} as lib_size
    from {{ counts }}
    group by assay, sample_id

),

-- whole numbers sort several times as fast as two texts
numbered_samples as (

    select
        assay,
        sample_id,
        lib_size,
        row_number() over (
            order by assay asc nulls last, sample_id asc nulls last
        ) as sample_number
    from library_sizes

),

expressed_features as (

    select
        assay,
        feature_id
    from {{ counts }}
    group by assay, feature_id
    having max(count) > 0

),

expressed as (

    select
        counts.assay,
        counts.feature_id,
        numbered_samples.sample_number,
        numbered_samples.lib_size,
        cast(counts.count as double) as count
    from {{ counts }} as counts
    inner join expressed_features
        on
            counts.assay = expressed_features.assay
            and counts.feature_id = expressed_features.feature_id
    inner join numbered_samples
        on
            counts.assay = numbered_samples.assay
            and counts.sample_id = numbered_samples.sample_id

),

placed as (

    select
        sample_number,
        count,
        row_number() over (
            partition by sample_number order by count asc nulls last
        ) as place,
        -- quantile of type 7: its place among 1 .. n is 1 + (n - 1) * 0.75
        1 + (count(*) over (partition by sample_number) - 1) * 75e-2 as quartile_place
    from expressed

),

upper_quartile_counts as (

    select
        sample_number,
        max(quartile_place - floor(quartile_place)) as share_above,
        max(case when place = floor(quartile_place) then count end) as count_below,
        max(case when place = ceil(quartile_place) then count end) as count_above,
        {{ exact_sum("sqrt(count)") }} as sum_of_roots
    from placed
    group by sample_number

),

upper_quartiles as (

    select
        numbered_samples.assay,
        numbered_samples.sample_number,
        upper_quartile_counts.sum_of_roots,
        (
            (1e0 - upper_quartile_counts.share_above) * upper_quartile_counts.count_below
            + upper_quartile_counts.share_above * upper_quartile_counts.count_above
        ) / nullif(numbered_samples.lib_size, 0e0) as f75
    from numbered_samples
    inner join upper_quartile_counts
        on numbered_samples.sample_number = upper_quartile_counts.sample_number

),

typical_quartiles as (

    select
        assay,
        {{ exact_sum("f75", 30) }} / count(f75) as mean_f75,
        median(f75) as median_f75
    from upper_quartiles
    group by assay

),

reference_order as (

    select
        upper_quartiles.sample_number,
        row_number() over (
            partition by upper_quartiles.assay
            order by
                -- where most upper quartiles are zero they say nothing: then the sample
                -- with the largest sum of square roots
                case
                    when typical_quartiles.median_f75 < 1e-20
                        then -upper_quartiles.sum_of_roots
                    else abs(upper_quartiles.f75 - typical_quartiles.mean_f75)
                end asc nulls last,
                upper_quartiles.sample_number asc nulls last
        ) as place
    from upper_quartiles
    inner join typical_quartiles
        on upper_quartiles.assay = typical_quartiles.assay

),

reference_counts as (

    select
        expressed.assay,
        expressed.feature_id,
        expressed.count,
        expressed.lib_size
    from expressed
    inner join reference_order
        on expressed.sample_number = reference_order.sample_number
    where
        reference_order.place = 1
        and expressed.count > 0

),

compared as (

    select
        expressed.sample_number,
        log2(
            (expressed.count / expressed.lib_size)
            / (reference_counts.count / reference_counts.lib_size)
        ) as log_ratio,
        (
            log2(expressed.count / expressed.lib_size)
            + log2(reference_counts.count / reference_counts.lib_size)
        ) / 2e0 as mean_log,
        -- 1 / variance of log_ratio, divided by lib_size: the scale cancels in a weighted
        -- mean, and this one fits into a decimal. Variance 0 is a sample of one feature.
        1e0 / nullif(
            (expressed.lib_size - expressed.count) / expressed.count
            + expressed.lib_size
            * (
                (reference_counts.lib_size - reference_counts.count)
                / reference_counts.lib_size / reference_counts.count
            ),
            0e0
        ) as weight
    from expressed
    inner join reference_counts
        on
            expressed.assay = reference_counts.assay
            and expressed.feature_id = reference_counts.feature_id
    where expressed.count > 0

),

ranked as (

    select
        sample_number,
        log_ratio,
        weight,
        count(*) over (partition by sample_number) as n_compared,
        max(abs(log_ratio)) over (partition by sample_number) as largest_ratio,
        -- rank with ties averaged: half of (first place + last place among equals)
        5e-1 * (
            rank() over (
                partition by sample_number order by log_ratio asc nulls last
            )
            + count(*) over (
                partition by sample_number order by log_ratio asc nulls last
                range between unbounded preceding and current row
            )
        ) as ratio_rank,
        5e-1 * (
            rank() over (
                partition by sample_number order by mean_log asc nulls last
            )
            + count(*) over (
                partition by sample_number order by mean_log asc nulls last
                range between unbounded preceding and current row
            )
        ) as mean_rank
    from compared

),

trimmed_means as (

    select
        sample_number,
        {{ exact_sum("weight * log_ratio", 20) }}
        / nullif({{ exact_sum("weight", 20) }}, 0e0) as log_factor
    from ranked
    where
        largest_ratio >= 1e-6
        and ratio_rank between floor(n_compared * 3e-1) + 1
        and n_compared - floor(n_compared * 3e-1)
        and mean_rank between floor(n_compared * 5e-2) + 1
        and n_compared - floor(n_compared * 5e-2)
    group by sample_number

),

log_factors as (

    select
        numbered_samples.assay,
        numbered_samples.sample_id,
        numbered_samples.lib_size,
        coalesce(trimmed_means.log_factor, 0e0) as log_factor
    from numbered_samples
    left join trimmed_means
        on numbered_samples.sample_number = trimmed_means.sample_number

),

mean_log_factors as (

    select
        assay,
        {{ exact_sum("log_factor", 30) }} / count(*) as mean_log_factor
    from log_factors
    group by assay

)

select
    log_factors.assay,
    log_factors.sample_id,
    log_factors.lib_size,
    power(2e0, log_factors.log_factor - mean_log_factors.mean_log_factor) as norm_factor
from log_factors
inner join mean_log_factors
    on log_factors.assay = mean_log_factors.assay
{% endmacro %}


{#
    One row per assay x feature x sample: count, cpm, log2_cpm, as edgeR's cpm() and
    cpm(log = TRUE, prior.count = 2): with L = lib_size * norm_factor and
    prior = 2 L / mean(L), log2((count + prior) / (L + 2 prior) * 1e6).
#}
{% macro log_cpm(counts, factors) %}
with

effective_sizes as (

    select
        assay,
        sample_id,
        nullif(lib_size * norm_factor, 0e0) as effective_size
    from {{ factors }}

),

mean_sizes as (

    select
        assay,
        {{ exact_sum("effective_size") }} / count(effective_size) as mean_size
    from effective_sizes
    group by assay

),

priors as (

    select
        effective_sizes.assay,
        effective_sizes.sample_id,
        effective_sizes.effective_size,
        2e0 * effective_sizes.effective_size / mean_sizes.mean_size as prior_count
    from effective_sizes
    inner join mean_sizes
        on effective_sizes.assay = mean_sizes.assay

)

select
    counts.assay,
    counts.feature_id,
    counts.sample_id,
    cast(counts.count as double) as count,
    counts.count / priors.effective_size * 1e6 as cpm,
    log2(
        (counts.count + priors.prior_count)
        / (priors.effective_size + 2e0 * priors.prior_count)
        * 1e6
    ) as log2_cpm
from {{ counts }} as counts
inner join priors
    on
        counts.assay = priors.assay
        and counts.sample_id = priors.sample_id
{% endmacro %}
