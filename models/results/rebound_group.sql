with

differences as (

    select * from {{ ref("stg_results__rebound_differences") }}

),

-- the same table by two names: DuckDB keeps a CTE that is used twice, and with a limit
-- waits for ever
of_groups as (

    select * from {{ ref("rebound") }}

),

of_references as (

    select * from {{ ref("rebound") }}

),

thresholds as (

    select * from {{ ref("stg_results__thresholds") }}

),

compared as (

    select
        differences.*,
        of_group.is_found as is_found_in_group,
        of_reference.is_found as is_found_in_reference,
        sign(of_group.log_fc_first) * sign(of_reference.log_fc_first) > 0
        and sign(of_group.log_fc_second) * sign(of_reference.log_fc_second) > 0
            as same_signs,
        differences.adj_p_value
        < coalesce(thresholds.adj_p, cast('{{ var("default_adj_p") }}' as double))
            as differs
    from differences
    inner join of_groups as of_group
        on
            differences.analysis = of_group.analysis
            and differences.pair = of_group.pair
            and differences.study_group = of_group.study_group
            and differences.feature_id = of_group.feature_id
    inner join of_references as of_reference
        on
            differences.analysis = of_reference.analysis
            and differences.pair = of_reference.pair
            and differences.reference_group = of_reference.study_group
            and differences.feature_id = of_reference.feature_id
    left join thresholds
        on differences.analysis = thresholds.analysis

),

feature_names as (

    select * from {{ ref("int_analysis__feature_names") }}

)

select
    compared.analysis,
    compared.pair,
    compared.study_group,
    compared.reference_group,
    compared.feature_id,
    feature_names.feature_name,
    case
        when compared.is_found_in_group and compared.is_found_in_reference then 'both'
        when compared.is_found_in_group then compared.study_group || ' only'
        when compared.is_found_in_reference then compared.reference_group || ' only'
        else 'neither'
    end as detected_in,
    coalesce(compared.same_signs, false) as same_signs,
    coalesce(compared.differs, false) as differs,
    compared.amplitude_difference,
    compared.se,
    compared.p_value,
    compared.adj_p_value
from compared
left join feature_names
    on
        compared.analysis = feature_names.analysis
        and compared.feature_id = feature_names.feature_id
