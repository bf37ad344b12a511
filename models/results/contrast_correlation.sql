with

correlations as (

    select
        *,
        p_value < 5e-2 as beyond_chance,
        -- on the side of 0 that no effect gives, or no effect gives both sides
        sign(r) * sign(r_no_effect) >= 0
        or (no_effect_low <= 0e0 and no_effect_high >= 0e0) as is_on_its_side
    from {{ ref("stg_results__contrast_correlations") }}

)

select
    analysis,
    first_contrast,
    second_contrast,
    r,
    r_low,
    r_high,
    r_no_effect,
    no_effect_low,
    no_effect_high,
    p_value,
    beyond_chance,
    case
        when not beyond_chance then 'no different from chance'
        when beyond_chance and is_on_its_side and abs(r) > abs(r_no_effect)
            then 'stronger than chance'
        when beyond_chance then 'weaker or opposite'
    end as reading,
    r_biological,
    r_biological_ci_low,
    r_biological_ci_high,
    biological_p_value,
    n_features,
    n_features_rotated,
    n_rotations
from correlations
