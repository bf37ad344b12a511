{# A 64-bit hash of a text; Spark has it as xxhash64(). #}
{% macro text_hash(text) -%}
    hash({{ text }})
{%- endmacro %}
