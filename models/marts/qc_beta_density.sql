-- a set of betas, a sample and a bin are one whole number here, by which a hundred
-- million betas are counted in half of the time: set x 1e7 + position x 100 + bin
with

layers as (

    select * from {{ ref("int_beta__layers") }}

),

kept_samples as (

    select * from {{ ref("int_beta__kept_samples") }}

),

-- the same samples in both layers: those that the tables show
samples as (

    select
        matrix_samples.assay,
        matrix_samples.layer,
        matrix_samples.position,
        matrix_samples.sample_id
    from {{ ref("stg_lake__matrix_samples") }} as matrix_samples
    inner join kept_samples
        on
            matrix_samples.assay = kept_samples.assay
            and matrix_samples.sample_id = kept_samples.sample_id
    where matrix_samples.layer = 'raw' or matrix_samples.layer = kept_samples.layer

),

-- not from `layers`: read twice, its lists would be kept in between
design_types as (

    select 'I' as design_type union all select 'II' union all select 'unknown'

),

sets as (

    select
        assay,
        layer,
        design_type,
        10000000 * row_number() over (
            order by
                assay asc nulls last, layer asc nulls last, design_type asc nulls last
        ) as set_number
    from (select distinct assay, layer from samples) as measured_layers
    cross join design_types

),

betas as (

    select
        sets.set_number,
        {{ list_rows("layers.measured", "beta", "position") }}
    from layers
    inner join sets
        on
            layers.assay = sets.assay
            and layers.layer = sets.layer
            and layers.design_type = sets.design_type

),

-- 0.58 as a double times 50 is a little below 29: the last term puts it in its bin
numbered as (

    select
        set_number
        + position * 100
        + least(cast(floor(beta * 5e1 + 1e-9) as int) + 1, 50) as cell_number
    from betas
    where beta is not null

),

counted as (

    select
        cell_number,
        count(*) as n
    from numbered
    group by cell_number

)

select
    samples.assay,
    samples.layer,
    samples.sample_id,
    sets.design_type,
    cast(mod(counted.cell_number, 100) as int) as bin,
    (mod(counted.cell_number, 100) - 1) / 5e1 as beta_from,
    mod(counted.cell_number, 100) / 5e1 as beta_to,
    counted.n,
    5e1 * counted.n / sum(counted.n) over (
        partition by counted.cell_number - mod(counted.cell_number, 100)
    ) as density
from counted
inner join sets
    on counted.cell_number - mod(counted.cell_number, 10000000) = sets.set_number
inner join samples
    on
        sets.assay = samples.assay
        and sets.layer = samples.layer
        and floor(mod(counted.cell_number, 10000000) / 100) = samples.position
order by
    samples.assay asc nulls last,
    samples.layer asc nulls last,
    samples.sample_id asc nulls last,
    sets.design_type asc nulls last,
    bin asc nulls last
