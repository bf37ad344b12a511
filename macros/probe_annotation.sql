{#
    What the study's manifests say about its probes, once for all rooms: plain Jinja without
    dbt's context, so that Python renders the same file (as probe_filters.sql says).
#}


{# Name of a probe on every array: without EPIC v2's suffix (cg00000029_TC21). #}
{% macro common_probe_id(name) -%}
    regexp_replace({{ name }}, '_[TB][CO][12][0-9]+$', '')
{%- endmacro %}


{#
    One row per probe of the beta assays: the row of the manifest that stands first in
    study.yml among those that know the probe. A probe named with EPIC v2's suffix is looked up
    by that name; others by it, and else by the common name (the first of the replicates).
    `features` and `probes` name relations like the lake's tables `feature` and `probe`.
#}
{% macro probe_annotation(features, probes) %}
with

names as (

    select
        feature_id as probe_id,
        {{ common_probe_id("feature_id") }} as common_probe_id
    from {{ features }}
    where kind = 'beta'
    group by feature_id

),

by_name as (

    select
        probe_id,
        min(manifest_order) as manifest_order
    from {{ probes }}
    group by probe_id

),

known as (

    select
        names.probe_id,
        names.common_probe_id,
        by_name.probe_id as manifest_probe_id,
        by_name.manifest_order
    from names
    left join by_name
        on names.probe_id = by_name.probe_id

),

replicates as (

    select
        known.probe_id,
        probes.manifest_order,
        min(probes.probe_id) as manifest_probe_id
    from known
    inner join {{ probes }} as probes
        on known.probe_id = probes.common_probe_id
    where known.manifest_order is null
    group by known.probe_id, probes.manifest_order

),

first_manifest as (

    select
        probe_id,
        min(manifest_order) as manifest_order
    from replicates
    group by probe_id

),

looked_up as (

    select
        known.probe_id,
        known.common_probe_id,
        coalesce(known.manifest_probe_id, replicates.manifest_probe_id)
            as manifest_probe_id,
        coalesce(known.manifest_order, replicates.manifest_order) as manifest_order
    from known
    left join first_manifest
        on known.probe_id = first_manifest.probe_id
    left join replicates
        on
            first_manifest.probe_id = replicates.probe_id
            and first_manifest.manifest_order = replicates.manifest_order

)

select
    looked_up.probe_id,
    coalesce(probes.common_probe_id, looked_up.common_probe_id) as common_probe_id,
    looked_up.manifest_probe_id,
    probes.manifest,
    probes.chromosome,
    probes.position,
    probes.genome_build,
    probes.strand,
    probes.design_type,
    probes.island,
    probes.island_name
from looked_up
left join {{ probes }} as probes
    on
        looked_up.manifest_order = probes.manifest_order
        and looked_up.manifest_probe_id = probes.probe_id
{% endmacro %}
