{# The clip of the row's assay, or the default of dbt_project.yml where the lake has none. #}
{% macro m_value_clip() -%}
    coalesce(assays.m_value_clip, cast({{ var("m_value_clip") }} as double))
{%- endmacro %}
