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


{#
    Direction of the first and of the second change of a row of `rebounds`; null where one of
    them is 0 or missing. Plain Jinja without dbt's context, here and below, so that Python
    renders the same file (as probe_filters.sql says).
#}
{% macro rebound_class(rebounds) -%}
    case
        when {{ rebounds }}.log_fc_first > 0e0 and {{ rebounds }}.log_fc_second < 0e0
            then 'up-down'
        when {{ rebounds }}.log_fc_first < 0e0 and {{ rebounds }}.log_fc_second > 0e0
            then 'down-up'
        when {{ rebounds }}.log_fc_first > 0e0 and {{ rebounds }}.log_fc_second > 0e0
            then 'up-up'
        when {{ rebounds }}.log_fc_first < 0e0 and {{ rebounds }}.log_fc_second < 0e0
            then 'down-down'
    end
{%- endmacro %}


{#
    Whether a row of `rebounds` counts as found by the preset of its row of `pairs`, with the
    row of `thresholds` of its analysis; false where something that is asked for is missing.
#}
{% macro is_rebound_found(rebounds, thresholds, pairs, default_adj_p) -%}
    case
        when {{ pairs }}.preset = 'paper'
            then {{ is_rebound_found_by_paper(rebounds, thresholds) }}
        else {{ is_rebound_found_by_default(rebounds, thresholds, default_adj_p) }}
    end
{%- endmacro %}


{#
    The default: two opposite changes that hold up together. The threshold for single P values
    does not count, as no P value of one change answers for both.
#}
{% macro is_rebound_found_by_default(rebounds, thresholds, default_adj_p) -%}
    coalesce(
        {{ rebounds }}.adj_p_rebound
        < coalesce({{ thresholds }}.adj_p, cast('{{ default_adj_p }}' as double))
        and {{ both_changes_exceed(rebounds, thresholds, "delta_beta") }}
        and {{ both_changes_exceed(rebounds, thresholds, "log_fc") }},
        false
    )
{%- endmacro %}


{# The paper's rule: both changes by themselves, whatever their signs. #}
{% macro is_rebound_found_by_paper(rebounds, thresholds) -%}
    coalesce(
        {{ rebounds }}.p_first < coalesce({{ thresholds }}.p, 5e-2)
        and {{ rebounds }}.p_second < coalesce({{ thresholds }}.p, 5e-2)
        and {{ both_changes_exceed(rebounds, thresholds, "delta_beta") }},
        false
    )
{%- endmacro %}


{# Whether both changes are larger than a threshold, if there is one. #}
{% macro both_changes_exceed(rebounds, thresholds, size) -%}
    (
        {{ thresholds }}.{{ size }} is null
        or (
            abs({{ rebounds }}.{{ size }}_first) > {{ thresholds }}.{{ size }}
            and abs({{ rebounds }}.{{ size }}_second) > {{ thresholds }}.{{ size }}
        )
    )
{%- endmacro %}
