-- step, the filter_ column that switches it, threshold in words, whether what it needs
-- is there (null = it needs nothing)
{% set steps = [
    ("detection_p", "detection_p", "'> ' || filter_detection_p", "has_detection_p"),
    ("sample_missing", "sample_missing", "'> ' || filter_sample_missing", "null"),
    ("probe_missing", "probe_missing", "'> ' || filter_probe_missing", "null"),
    (
        "bead_count",
        "bead_minimum",
        "'< ' || filter_bead_minimum || ' beads in > ' || filter_bead_share",
        "has_bead_count",
    ),
    ("non_cpg", "non_cpg", "'name without cg'", "null"),
    ("mask", "masks", "'in a mask'", "has_masks"),
    ("sex_chromosome", "sex_chromosomes", "'X or Y'", "has_chromosomes"),
] %}

with

reasons as (

    select
        quality.assay,
        count(*) as n_probes,
        {% for step, _, _, _ in steps %}
        count(case when quality.filter_reason like '{{ step }}%' then 1 end)
            as n_{{ step }},
        {% endfor %}
        count(annotated.chromosome) > 0 as has_chromosomes
    from {{ ref("int_probe__quality") }} as quality
    left join {{ ref("int_probe__annotated") }} as annotated
        on quality.feature_id = annotated.probe_id
    group by quality.assay

),

told as (

    select
        assay,
        bool_or(has_detection_p) as has_detection_p,
        bool_or(has_bead_count) as has_bead_count,
        (select count(*) from {{ ref("stg_lake__probe_masks") }}) > 0 as has_masks
    from {{ ref("int_probe__flags") }}
    group by assay

),

samples as (

    select
        assay,
        count(*) as n_samples,
        count(case when filter_reason is null then 1 end) as n_kept
    from {{ ref("int_sample__quality") }}
    group by assay

),

steps as (

    {% for step, switch, threshold, needs in steps %}
    {{ "union all" if not loop.first }}
    select
        reasons.assay,
        {{ loop.index }} as step_order,
        '{{ step }}' as step,
        case
            when coalesce(cast(filter_{{ switch }} as string), 'false') <> 'false'
                then {{ threshold }}
        end as threshold,
        reasons.n_{{ step }} as n_probes_dropped,
        reasons.n_probes,
        samples.{{ "n_samples" if loop.first else "n_kept" }} as n_samples_left,
        {{ needs }} as has_what_it_needs
    from reasons
    inner join told
        on reasons.assay = told.assay
    inner join samples
        on reasons.assay = samples.assay
    left join {{ ref("stg_lake__assays") }} as assays
        on reasons.assay = assays.assay
    {% endfor %}

),

summed as (

    select
        *,
        n_probes - sum(n_probes_dropped) over (
            partition by assay
            order by step_order asc nulls last
            rows between unbounded preceding and current row
        ) as n_probes_left
    from steps

)

select
    assay,
    step_order,
    step,
    threshold,
    cast(n_probes_left + n_probes_dropped as bigint) as n_probes_before,
    n_probes_dropped,
    cast(n_probes_left as bigint) as n_probes_left,
    n_samples_left,
    case
        when threshold is null then 'switched off'
        when has_what_it_needs is null then 'not needed'
        when has_what_it_needs then 'used'
        else 'missing'
    end as annotation
from summed
order by assay asc nulls last, step_order asc nulls last
