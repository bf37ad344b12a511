with

signature_rows as (

    select * from {{ ref("stg_lake__signature_rows") }}

),

translations as (

    select * from {{ ref("stg_lake__gene_translations") }}

)

select
    signature_rows.signature,
    signature_rows.listed_as,
    coalesce(translations.gene_name, signature_rows.listed_as) as feature,
    signature_rows.estimate,
    signature_rows.se,
    signature_rows.t,
    signature_rows.p_value,
    signature_rows.adj_p_value
from signature_rows
left join translations
    on signature_rows.listed_as = translations.word
order by
    signature_rows.signature asc nulls last,
    signature_rows.listed_as asc nulls last
