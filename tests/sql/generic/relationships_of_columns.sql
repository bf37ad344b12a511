{# Fails for every combination of columns that `to` does not have. #}
{% test relationships_of_columns(model, to, combination_of_columns) %}

    select distinct
        {% for key in combination_of_columns %}
        child.{{ key }}{{ "," if not loop.last }}
        {% endfor %}
    from {{ model }} as child
    left join {{ to }} as parent
        on
            {% for key in combination_of_columns %}
            child.{{ key }} = parent.{{ key }} {{ "and" if not loop.last }}
            {% endfor %}
    where parent.{{ combination_of_columns[0] }} is null

{% endtest %}
