with

features as (

    select * from {{ ref("stg_lake__features") }}

),

matches as (

    select * from {{ ref("stg_lake__gene_matches") }}

),

reference_genes as (

    select * from {{ ref("stg_lake__genes") }}

),

named as (

    select
        feature_id,
        -- where assays disagree, the first name in the alphabet
        min(gene_name) as gene_name
    from features
    where kind = 'counts'
    group by feature_id

),

found as (

    select
        feature_id,
        min(reference_gene) as reference_gene
    from matches
    group by feature_id

)

select
    named.feature_id as gene_id,
    -- the reference's symbol, else the name in the matrix; where none has one, the id
    coalesce(reference_genes.symbol, named.gene_name, named.feature_id) as gene_name,
    reference_genes.chromosome,
    reference_genes.start_position,
    reference_genes.end_position,
    reference_genes.strand,
    reference_genes.biotype,
    reference_genes.ensembl_id,
    reference_genes.entrez_id,
    reference_genes.hgnc_id,
    named.gene_name as matrix_name
from named
left join found
    on named.feature_id = found.feature_id
left join reference_genes
    on found.reference_gene = reference_genes.reference_gene
order by gene_id asc nulls last
