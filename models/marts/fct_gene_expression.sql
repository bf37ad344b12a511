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

    select * from {{ ref("int_sample__tmm") }}

),

expression as (

    {{ log_cpm("counts", "factors") }}

)

select
    assay,
    feature_id as gene_id,
    sample_id,
    count,
    cpm,
    log2_cpm
from expression
order by
    assay asc nulls last,
    gene_id asc nulls last,
    sample_id asc nulls last
