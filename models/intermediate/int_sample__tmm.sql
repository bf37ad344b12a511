-- a table: the factors take a sort of all counts, and two marts read them
{{ config(materialized="table") }}

with

counts as (

    select
        assay,
        gene_id as feature_id,
        sample_id,
        count
    from {{ ref("int_count__unnested") }}

),

factors as (

    {{ tmm_factors("counts") }}

)

select
    assay,
    sample_id,
    lib_size,
    norm_factor
from factors
order by assay asc nulls last, sample_id asc nulls last
