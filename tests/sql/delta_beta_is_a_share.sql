-- A difference of two averages of betas lies between -1 and 1. No range holds for the other
-- contrasts: a slope (a covariate from 0 to 1), an interaction (a change of 1 against one of
-- -1 is 2), and whatever is read off a model with numbers beside its means.
with

cells as (

    select * from {{ ref("design_matrix") }}
    where value <> 0e0

),

-- models of nothing but 0 and 1
of_means as (

    select
        analysis,
        count(distinct sample_id) as n_samples
    from cells
    group by analysis
    having min(value) = 1e0 and max(value) = 1e0

),

columns as (

    select
        analysis,
        coefficient,
        count(*) as n_samples
    from cells
    group by analysis, coefficient

),

-- columns that have samples in common
shared as (

    select
        cells.analysis,
        cells.coefficient,
        others.coefficient as other,
        count(*) as n_samples
    from cells
    inner join cells as others
        on
            cells.analysis = others.analysis
            and cells.sample_id = others.sample_id
            and cells.coefficient <> others.coefficient
    group by cells.analysis, cells.coefficient, others.coefficient

),

-- columns within another, as an interaction is within its main effect; all are within 1
nested as (

    select
        shared.analysis,
        shared.coefficient
    from shared
    inner join columns
        on
            shared.analysis = columns.analysis
            and shared.coefficient = columns.coefficient
            and shared.n_samples = columns.n_samples
    inner join columns as others
        on
            shared.analysis = others.analysis
            and shared.other = others.coefficient
    inner join of_means
        on
            shared.analysis = of_means.analysis
            and others.n_samples < of_means.n_samples
    group by shared.analysis, shared.coefficient

),

-- weights of two averages: of 1 in all, and of -1
compared as (

    select
        weights.analysis,
        weights.contrast
    from {{ ref("contrast_weight") }} as weights
    inner join of_means
        on weights.analysis = of_means.analysis
    left join nested
        on
            weights.analysis = nested.analysis
            and weights.coefficient = nested.coefficient
    group by weights.analysis, weights.contrast
    having
        count(nested.coefficient) = 0
        and sum(greatest(weights.weight, 0e0)) < 1e0 + 1e-9
        and sum(least(weights.weight, 0e0)) > -1e0 - 1e-9

),

changes as (

    select analysis, contrast, feature_id, delta_beta
    from {{ ref("fct_contrast_result") }}
    where abs(delta_beta) > 1e0
    union all
    select analysis, contrast, probe_id as feature_id, delta_beta
    from {{ ref("dmp_deg") }}
    where abs(delta_beta) > 1e0

)

select changes.*
from changes
inner join compared
    on
        changes.analysis = compared.analysis
        and changes.contrast = compared.contrast
