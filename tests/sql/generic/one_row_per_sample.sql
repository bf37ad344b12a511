{#
    Fails for every combination of keys (assay first) that has not exactly one row for each
    sample of the assay. Cheap where a test of every single row would be dear: together with
    the uniqueness of matrix rows and of matrix samples it shows that the rows are unique
    and that none is lost.
#}
{% test one_row_per_sample(model, keys) %}

    with

    row_numbers as (

        select
            {{ keys | join(", ") }},
            count(*) as n_rows
        from {{ model }}
        group by {{ keys | join(", ") }}

    ),

    sample_numbers as (

        select
            assay,
            count(distinct sample_id) as n_samples
        from {{ ref("stg_lake__matrix_samples") }}
        group by assay

    )

    select
        row_numbers.assay,
        row_numbers.n_rows,
        sample_numbers.n_samples
    from row_numbers
    left join sample_numbers
        on row_numbers.assay = sample_numbers.assay
    where
        sample_numbers.n_samples is null
        or row_numbers.n_rows <> sample_numbers.n_samples

{% endtest %}
