{#
    Condition that a row of `results` counts as found by the row of `thresholds` of its
    analysis. A value exactly at a threshold is not found.
#}
{% macro is_found(results, thresholds) -%}
    (
        {{ thresholds }}.p is null
        or {{ results }}.p_value < {{ thresholds }}.p
    )
    and (
        {{ thresholds }}.adj_p is null
        or {{ results }}.adj_p_value < {{ thresholds }}.adj_p
    )
    and (
        {{ thresholds }}.delta_beta is null
        or abs({{ results }}.delta_beta) > {{ thresholds }}.delta_beta
    )
    and (
        {{ thresholds }}.log_fc is null
        or abs({{ results }}.log_fc) > {{ thresholds }}.log_fc
    )
{%- endmacro %}
