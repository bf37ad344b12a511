{#
    Which probes and samples of a beta assay are kept, and why others are not, once for all
    rooms. The thresholds come from the lake's `assay` table (null or false = switched off).
    Order of the steps: detection p (a beta becomes missing), samples with too many missing
    probes, then of the kept samples: probes with too many missing, probes with too few beads,
    probes that are no CpG, masks, sex chromosomes. A probe's reason is the first step that
    drops it.

    Plain Jinja without dbt's context, so that Python renders the same file:
        filters = jinja2.Environment().from_string(text).module
        con.execute(f"create temp table flags as {filters.probe_flags('betas', 'assays')}")
    and in the same way, each from what was made before:
        samples     sample_quality("flags", "matrix_samples", "assays")
        annotation  probe_annotation("features", "probes"), of probe_annotation.sql
        quality     probe_quality("flags", "samples", "assays", "annotation", "masks")
    What the macros take are names of relations:
        betas           assay, feature_id, measured, detection_p, bead_count: the raw layer;
                        the last three double[], the last two null where the lake has none
        assays          the lake's `assay`
        matrix_samples  the lake's `matrix_sample`, only the raw layer's rows
        features        the lake's `feature`
        probes          the lake's `probe`, empty where it has none
        masks           the lake's `probe_mask`, empty where it has none
    What is kept then has filter_reason null, in `samples` and in `quality`.
#}


{# Number of elements of a list; null without a list. #}
{% macro list_length(list) -%}
    len({{ list }})
{%- endmacro %}


{# Positions from 1 to the end of `list` for which `condition` on `i` is true. #}
{% macro positions_where(list, condition) -%}
    list_filter(range(1, len({{ list }}) + 1), lambda i: {{ condition }})
{%- endmacro %}


{# How many elements of a list stand in `dropped`; 0 where one of the two is null. #}
{% macro number_within(list, dropped) -%}
    case
        when {{ list }} is null or {{ dropped }} is null then 0
        else len(list_filter({{ list }}, lambda i: list_contains({{ dropped }}, i)))
    end
{%- endmacro %}


{#
    One row per assay x probe of the raw layer: the positions of its samples that are missing
    in the raw file (absent), have a detection p above the threshold (failed, not counted as
    absent) or too few beads. Null = none. Missing p and bead counts say nothing.
#}
{% macro probe_flags(betas, assays) %}
select
    betas.assay,
    betas.feature_id,
    {{ list_length("betas.measured") }} as n_samples,
    betas.detection_p is not null as has_detection_p,
    betas.bead_count is not null as has_bead_count,
    -- most probes have nothing to look for: the positions are sought only where there are some
    case
        when list_count(betas.measured) < len(betas.measured)
            then {{ positions_where(
                "betas.measured",
                "betas.measured[i] is null"
                ~ " and not coalesce(betas.detection_p[i] > assays.filter_detection_p, false)"
            ) }}
    end as absent_positions,
    case
        when list_max(betas.detection_p) > assays.filter_detection_p
            then {{ positions_where(
                "betas.detection_p", "betas.detection_p[i] > assays.filter_detection_p"
            ) }}
    end as failed_positions,
    case
        when list_min(betas.bead_count) < assays.filter_bead_minimum
            then {{ positions_where(
                "betas.bead_count", "betas.bead_count[i] < assays.filter_bead_minimum"
            ) }}
    end as few_bead_positions
from {{ betas }} as betas
left join {{ assays }} as assays
    on betas.assay = assays.assay
{% endmacro %}


{# Number of probes for each assay and position that stands in a list of positions. #}
{% macro probes_by_position(flags, list) %}
    select
        assay,
        position,
        count(*) as n_probes
    from (
        select
            assay,
            unnest({{ list }}) as position
        from {{ flags }}
    ) as positions
    group by assay, position
{% endmacro %}


{#
    One row per assay x sample of the raw layer: position, n_probes of the matrix, n_absent and
    n_failed of them (null without detection p), missing_share of both, filter_reason.
#}
{% macro sample_quality(flags, matrix_samples, assays) %}
with

matrix_sizes as (

    select
        assay,
        count(*) as n_probes,
        bool_or(has_detection_p) as has_detection_p
    from {{ flags }}
    group by assay

),

absent as (
    {{ probes_by_position(flags, "absent_positions") }}
),

failed as (
    {{ probes_by_position(flags, "failed_positions") }}
),

numbers as (

    select
        matrix_samples.assay,
        matrix_samples.position,
        matrix_samples.sample_id,
        matrix_sizes.n_probes,
        coalesce(absent.n_probes, 0) as n_absent,
        case
            when
                matrix_sizes.has_detection_p
                and assays.filter_detection_p is not null
                then coalesce(failed.n_probes, 0)
        end as n_failed,
        assays.filter_sample_missing
    from {{ matrix_samples }} as matrix_samples
    inner join matrix_sizes
        on matrix_samples.assay = matrix_sizes.assay
    left join {{ assays }} as assays
        on matrix_samples.assay = assays.assay
    left join absent
        on
            matrix_samples.assay = absent.assay
            and matrix_samples.position = absent.position
    left join failed
        on
            matrix_samples.assay = failed.assay
            and matrix_samples.position = failed.position

),

shares as (

    select
        *,
        cast(n_absent + coalesce(n_failed, 0) as double) / n_probes as missing_share
    from numbers

)

select
    assay,
    position,
    sample_id,
    n_probes,
    n_absent,
    n_failed,
    missing_share,
    case
        when missing_share > filter_sample_missing then 'sample_missing'
    end as filter_reason
from shares
{% endmacro %}


{#
    One row per assay x probe: n_samples that are kept, how many of them miss it or have too
    few beads (null without bead counts), failed_positions (of the raw layer), where the
    annotation puts it, filter_reason. `samples` is the
    result of sample_quality, `annotation` that of probe_annotation.
#}
{% macro probe_quality(flags, samples, assays, annotation, masks) %}
with

kept_samples as (

    select
        assay,
        count(case when filter_reason is null then 1 end) as n_kept,
        array_agg(position) filter (where filter_reason is not null)
            as dropped_positions
    from {{ samples }}
    group by assay

),

-- of several masks the first in the alphabet is named
mask_names as (

    select
        probe_id,
        min(mask) as mask
    from {{ masks }}
    group by probe_id

),

numbers as (

    select
        flags.assay,
        flags.feature_id,
        kept_samples.n_kept as n_samples,
        flags.failed_positions,
        coalesce(len(flags.absent_positions), 0)
        + coalesce(len(flags.failed_positions), 0)
        - {{ number_within("flags.absent_positions", "kept_samples.dropped_positions") }}
        - {{ number_within("flags.failed_positions", "kept_samples.dropped_positions") }}
            as n_missing,
        case
            when flags.has_bead_count and assays.filter_bead_minimum is not null
                then
                    coalesce(len(flags.few_bead_positions), 0)
                    - {{ number_within(
                        "flags.few_bead_positions", "kept_samples.dropped_positions"
                    ) }}
        end as n_few_beads
    from {{ flags }} as flags
    inner join kept_samples
        on flags.assay = kept_samples.assay
    left join {{ assays }} as assays
        on flags.assay = assays.assay

),

shares as (

    select
        *,
        cast(n_missing as double) / nullif(n_samples, 0) as missing_share,
        cast(n_few_beads as double) / nullif(n_samples, 0) as few_bead_share
    from numbers

)

select
    shares.assay,
    shares.feature_id,
    shares.n_samples,
    shares.n_missing,
    shares.n_few_beads,
    shares.missing_share,
    shares.few_bead_share,
    shares.failed_positions,
    annotation.common_probe_id,
    annotation.chromosome,
    annotation.position,
    case
        when shares.missing_share > assays.filter_probe_missing then 'probe_missing'
        when shares.few_bead_share > assays.filter_bead_share then 'bead_count'
        when assays.filter_non_cpg and shares.feature_id not like 'cg%' then 'non_cpg'
        when
            assays.filter_masks
            and coalesce(of_probe.mask, of_replicates.mask) is not null
            -- least() passes over a null
            then 'mask: ' || least(of_probe.mask, of_replicates.mask)
        when assays.filter_sex_chromosomes and annotation.chromosome in ('X', 'Y')
            then 'sex_chromosome'
    end as filter_reason
from shares
left join {{ assays }} as assays
    on shares.assay = assays.assay
left join {{ annotation }} as annotation
    on shares.feature_id = annotation.probe_id
left join mask_names as of_probe
    on shares.feature_id = of_probe.probe_id
left join mask_names as of_replicates
    on annotation.common_probe_id = of_replicates.probe_id
{% endmacro %}
