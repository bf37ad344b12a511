with

gene_sets as (

    select * from {{ ref("stg_lake__gene_sets") }}

),

translations as (

    select * from {{ ref("stg_lake__gene_translations") }}

),

named as (

    select
        gene_sets.collection,
        gene_sets.gene_set,
        coalesce(translations.gene_name, gene_sets.gene_name) as gene_name,
        gene_sets.description,
        gene_sets.gene_name as listed_as
    from gene_sets
    left join translations
        on gene_sets.gene_name = translations.word

)

-- of two words that mean one gene the first in the alphabet
select
    collection,
    gene_set,
    gene_name,
    min(description) as description,
    min(listed_as) as listed_as
from named
group by collection, gene_set, gene_name
order by
    collection asc nulls last,
    gene_set asc nulls last,
    gene_name asc nulls last
