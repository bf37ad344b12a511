with

annotated as (

    select * from {{ ref("int_probe__annotated") }}

),

probe_genes as (

    select * from {{ ref("stg_lake__probe_genes") }}

),

translations as (

    select * from {{ ref("stg_lake__gene_translations") }}

),

named as (

    select
        probe_genes.manifest,
        probe_genes.probe_id,
        probe_genes.region,
        coalesce(translations.gene_name, probe_genes.gene_name) as gene_name
    from probe_genes
    left join translations
        on probe_genes.gene_name = translations.word

)

-- of the manifest that dim_probe follows, under the name the probe has in the lake;
-- sorted by gene, since the probes of a gene lie scattered
-- two names of one gene fall together
select distinct
    annotated.probe_id,
    named.gene_name,
    named.region,
    named.manifest
from named
inner join annotated
    on
        named.manifest = annotated.manifest
        and named.probe_id = annotated.manifest_probe_id
order by
    gene_name asc nulls last,
    probe_id asc nulls last,
    region asc nulls last
