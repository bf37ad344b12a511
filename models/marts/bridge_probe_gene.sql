with

annotated as (

    select * from {{ ref("int_probe__annotated") }}

),

probe_genes as (

    select * from {{ ref("stg_lake__probe_genes") }}

)

-- of the manifest that dim_probe follows, under the name the probe has in the lake;
-- sorted by gene, since the probes of a gene lie scattered
select
    annotated.probe_id,
    probe_genes.gene_name,
    probe_genes.region,
    probe_genes.manifest
from probe_genes
inner join annotated
    on
        probe_genes.manifest = annotated.manifest
        and probe_genes.probe_id = annotated.manifest_probe_id
order by
    probe_genes.gene_name asc nulls last,
    annotated.probe_id asc nulls last,
    probe_genes.region asc nulls last
