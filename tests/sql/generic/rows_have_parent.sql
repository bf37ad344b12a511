{# Fails for every combination of keys that `parent` does not have. #}
{% test rows_have_parent(model, parent, keys) %}

    select distinct
        {% for key in keys %}
        child.{{ key }}{{ "," if not loop.last }}
        {% endfor %}
    from {{ model }} as child
    left join {{ parent }} as parent
        on
            {% for key in keys %}
            child.{{ key }} = parent.{{ key }} {{ "and" if not loop.last }}
            {% endfor %}
    where parent.{{ keys[0] }} is null

{% endtest %}
