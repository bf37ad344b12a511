with

aliases as (

    select * from {{ ref("stg_lake__gene_aliases") }}

),

genes as (

    select * from {{ ref("stg_lake__genes") }}

)

select
    aliases.alias,
    aliases.kind,
    aliases.gene_name,
    genes.ensembl_id,
    genes.entrez_id,
    genes.hgnc_id,
    aliases.is_certain,
    aliases.reference_gene
from aliases
inner join genes
    on aliases.reference_gene = genes.reference_gene
order by
    alias asc nulls last,
    kind asc nulls last,
    reference_gene asc nulls last
