{# Fails for every value outside [minimum, maximum], NaN included; null is allowed. #}
{% test in_range(model, column_name, minimum=none, maximum=none) %}

    select {{ column_name }}
    from {{ model }}
    where
        isnan(cast({{ column_name }} as double))
        {% if minimum is not none %}
        or {{ column_name }} < cast({{ minimum }} as double)
        {% endif %}
        {% if maximum is not none %}
        or {{ column_name }} > cast({{ maximum }} as double)
        {% endif %}

{% endtest %}
