{# Fails for every combination of columns that has more than one row; nulls count as equal. #}
{% test unique_combination_of_columns(model, combination_of_columns) %}

    select
        {{ combination_of_columns | join(", ") }},
        count(*) as n_rows
    from {{ model }}
    group by {{ combination_of_columns | join(", ") }}
    having count(*) > 1

{% endtest %}
