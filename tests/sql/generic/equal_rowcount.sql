{#
    Fails if a join lost or multiplied rows of `compare_model`. Where all rows are too many,
    only those with the smallest `key` of the relation `keys_of` are counted.
#}
{% test equal_rowcount(model, compare_model, key=none, keys_of=none) %}

    with

    numbers as (

        select
            {% for relation, name in ((model, "n_rows"), (compare_model, "n_expected")) %}
            (
                select count(*) from {{ relation }}
                {% if key is not none %}
                where {{ key }} = (select min({{ key }}) from {{ keys_of }})
                {% endif %}
            ) as {{ name }}{{ "," if not loop.last }}
            {% endfor %}

    )

    select
        n_rows,
        n_expected
    from numbers
    where n_rows <> n_expected

{% endtest %}
