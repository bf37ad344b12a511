{# Fails for every list with an element outside [minimum, maximum], NaN included. #}
{% test lists_in_range(model, column_name, minimum, maximum) %}

    select {{ column_name }}
    from {{ model }}
    where
        {{ list_lowest(column_name) }} < cast({{ minimum }} as double)
        or {{ list_highest(column_name) }} > cast({{ maximum }} as double)

{% endtest %}
