with

seconds as (

    select * from {{ ref("stg_results__dmr_seconds") }}

),

pairs as (

    select * from {{ ref("dim_rebound_pair") }}

),

regions as (

    select * from {{ ref("dmr") }}

),

found as (

    select
        seconds.*,
        regions.chromosome,
        regions.start_position,
        regions.end_position,
        regions.n_probes,
        regions.gene_names,
        regions.promoter_genes,
        regions.estimate as estimate_first,
        regions.delta_beta as delta_beta_first,
        regions.adj_p_value as adj_p_first,
        case
            when regions.estimate > 0e0 then 'up'
            when regions.estimate < 0e0 then 'down'
        end as way_first,
        case
            when seconds.estimate > 0e0 then 'up'
            when seconds.estimate < 0e0 then 'down'
        end as way_second
    from seconds
    inner join regions
        on
            seconds.analysis = regions.analysis
            and seconds.first_contrast = regions.contrast
            and seconds.region_id = regions.region_id
    where regions.adj_p_value <= 5e-2

),

judged as (

    select
        *,
        way_first || '-' || way_second as class,
        case
            when way_first <> way_second then greatest(adj_p_first, adj_p_value)
            when adj_p_value is not null then 1e0
        end as adj_p_rebound
    from found

)

select
    judged.analysis,
    pairs.pair,
    pairs.study_group,
    pairs.group_order,
    pairs.cell_type,
    judged.first_contrast,
    judged.second_contrast,
    judged.region_id,
    judged.chromosome,
    judged.start_position,
    judged.end_position,
    judged.n_probes,
    judged.gene_names,
    judged.promoter_genes,
    judged.class,
    coalesce(judged.adj_p_rebound <= 5e-2, false) as is_found,
    judged.estimate_first,
    judged.ci_low_first,
    judged.ci_high_first,
    judged.delta_beta_first,
    judged.adj_p_first,
    judged.estimate as estimate_second,
    judged.se as se_second,
    judged.ci_low as ci_low_second,
    judged.ci_high as ci_high_second,
    judged.delta_beta as delta_beta_second,
    judged.p_value as p_second,
    judged.adj_p_value as adj_p_second,
    judged.adj_p_rebound,
    -1e2 * judged.estimate / nullif(judged.estimate_first, 0e0) as recovery_percent
from judged
inner join pairs
    on
        judged.analysis = pairs.analysis
        and judged.first_contrast = pairs.first_contrast
        and judged.second_contrast = pairs.second_contrast
order by
    judged.analysis asc nulls last,
    pairs.pair asc nulls last,
    pairs.study_group asc nulls last,
    judged.adj_p_rebound asc nulls last,
    judged.region_id asc nulls last
