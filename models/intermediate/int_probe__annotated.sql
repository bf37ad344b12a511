-- a table: joins by name of all probes, which four models read
{{ config(materialized="table") }}

with

features as (

    select * from {{ ref("stg_lake__features") }}

),

probes as (

    select * from {{ ref("stg_lake__probes") }}

),

annotated as (

    {{ probe_annotation("features", "probes") }}

)

select
    probe_id,
    common_probe_id,
    manifest_probe_id,
    manifest,
    chromosome,
    position,
    genome_build,
    strand,
    design_type,
    island,
    island_name
from annotated
