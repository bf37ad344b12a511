{#
    Fails where `larger` is below `smaller` by more than rounding, or where one of them is
    missing without the other.
#}
{% test not_below(model, larger, smaller) %}

    select
        {{ larger }},
        {{ smaller }}
    from {{ model }}
    where
        {{ larger }} < {{ smaller }} - 1e-12 * abs({{ smaller }})
        or ({{ larger }} is null) <> ({{ smaller }} is null)

{% endtest %}
