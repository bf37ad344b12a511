-- A list that is longer or shorter than the layer has samples would lose or invent values.
with

sample_numbers as (

    select
        assay,
        layer,
        count(*) as n_samples
    from {{ ref("stg_lake__matrix_samples") }}
    group by assay, layer

),

matrix_rows as (

    select assay, layer, {{ list_length("measured") }} as n_values
    from {{ ref("stg_lake__count_matrix") }}

    union all

    select assay, 'raw' as layer, n_samples as n_values
    from {{ ref("int_probe__flags") }}

    union all

    -- the raw lists were counted in int_probe__flags
    select assay, layer, {{ list_length("measured") }} as n_values
    from {{ ref("stg_lake__beta_matrix") }}
    where layer <> 'raw'

)

select
    matrix_rows.assay,
    matrix_rows.layer,
    matrix_rows.n_values,
    sample_numbers.n_samples
from matrix_rows
left join sample_numbers
    on
        matrix_rows.assay = sample_numbers.assay
        and matrix_rows.layer = sample_numbers.layer
where
    sample_numbers.n_samples is null
    or matrix_rows.n_values <> sample_numbers.n_samples
