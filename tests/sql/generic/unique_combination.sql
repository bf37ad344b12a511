{# Fails for every combination of keys that has more than one row; nulls count as equal. #}
{% test unique_combination(model, keys) %}

    select
        {{ keys | join(", ") }},
        count(*) as n_rows
    from {{ model }}
    group by {{ keys | join(", ") }}
    having count(*) > 1

{% endtest %}
