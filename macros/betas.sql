{#
    An element of a list of beta_matrix for a kept probe in a kept sample: `list` is measured
    or m_values. A failed detection is noted by the position in the raw layer.
#}
{% macro kept_value(list) -%}
    case
        when
            beta_matrix.layer = 'raw'
            and kept_probes.failed_positions is not null
            and {{ list_holds(
                "kept_probes.failed_positions", "kept_samples.layer_position"
            ) }}
            then null
        else {{ list_element("beta_matrix." ~ list, "kept_samples.layer_position") }}
    end
{%- endmacro %}


{#
    M-values of a list of betas that are first clipped to [clip, 1 - clip]; null where missing.
    greatest() and least() pass over a null: a missing beta has to be kept apart.
#}
{% macro list_m_values(list, clip) -%}
    {%- set clipped = "greatest(least(x, 1e0 - " ~ clip ~ "), " ~ clip ~ ")" -%}
    list_transform(
        {{ list }},
        lambda x:
        case when x is not null then log2({{ clipped }} / (1e0 - {{ clipped }})) end
    )
{%- endmacro %}
