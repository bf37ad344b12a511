{#
    Means of groups of samples over lists: in a list the values keep one order, so that the
    last digit of a mean does not depend on the number of threads.
#}


{# The values of a group as one list, in the order of `key`. #}
{% macro list_in_order(expression, key) -%}
    array_agg({{ expression }} order by {{ key }} asc nulls last)
{%- endmacro %}


{# Number of elements that are not missing. #}
{% macro list_known(list) -%}
    list_count({{ list }})
{%- endmacro %}


{# Mean and standard deviation (n - 1) of the elements that are not missing. #}
{% macro list_mean(list) -%}
    list_avg({{ list }})
{%- endmacro %}

{% macro list_sd(list) -%}
    list_stddev_samp({{ list }})
{%- endmacro %}


{# A row an element of a list, with its place from 1. #}
{% macro list_rows(list, element_name, position_name) -%}
    unnest({{ list }}) as {{ element_name }},
    generate_subscripts({{ list }}, 1) as {{ position_name }}
{%- endmacro %}


{#
    The betas of a probe in a row of `matrix`, joined with its row of int_probe__quality, with
    null where the detection failed. Failures are noted by the position in the raw layer.
#}
{% macro kept_list(matrix, kept_probes) -%}
    case
        when {{ matrix }}.layer <> 'raw' or {{ kept_probes }}.failed_positions is null
            then {{ matrix }}.measured
        else {{ list_without(matrix ~ ".measured", kept_probes ~ ".failed_positions") }}
    end
{%- endmacro %}
