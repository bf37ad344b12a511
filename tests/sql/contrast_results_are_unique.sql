-- A feature twice in a contrast. Grouping millions of rows by three texts would take minutes:
-- the first contrast of each analysis is checked by itself, and the others have to hold the
-- same features, compared by number and sum of their hashes.
with

contrast_results as (

    select
        analysis,
        contrast,
        feature_id
    from {{ ref("fct_contrast_result") }}

),

first_contrasts as (

    select
        analysis,
        min(contrast) as contrast
    from {{ ref("dim_contrast") }}
    group by analysis

),

repeated as (

    select
        contrast_results.analysis,
        contrast_results.contrast,
        contrast_results.feature_id
    from contrast_results
    inner join first_contrasts
        on
            contrast_results.analysis = first_contrasts.analysis
            and contrast_results.contrast = first_contrasts.contrast
    group by
        contrast_results.analysis,
        contrast_results.contrast,
        contrast_results.feature_id
    having count(*) > 1

),

sums as (

    select
        analysis,
        contrast,
        count(*) as n_features,
        sum(cast({{ text_hash("feature_id") }} as decimal(38, 0))) as hash_sum
    from contrast_results
    group by analysis, contrast

),

differing as (

    select
        sums.analysis,
        sums.contrast,
        'not the features of ' || first_contrasts.contrast as feature_id
    from sums
    inner join first_contrasts
        on sums.analysis = first_contrasts.analysis
    inner join sums as first_sums
        on
            first_contrasts.analysis = first_sums.analysis
            and first_contrasts.contrast = first_sums.contrast
    where
        sums.n_features <> first_sums.n_features
        or sums.hash_sum <> first_sums.hash_sum

)

select * from repeated
union all
select * from differing
