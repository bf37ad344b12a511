{# Fails if a join lost or multiplied rows of `other`. #}
{% test same_number_of_rows(model, other) %}

    with

    numbers as (

        select
            (select count(*) from {{ model }}) as n_rows,
            (select count(*) from {{ other }}) as n_expected

    )

    select
        n_rows,
        n_expected
    from numbers
    where n_rows <> n_expected

{% endtest %}
