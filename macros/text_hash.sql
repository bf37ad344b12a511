{# Text in the part of SQL where DuckDB and Spark differ. #}


{# A 64-bit hash of a text; Spark has it as xxhash64(). #}
{% macro text_hash(text) -%}
    hash({{ text }})
{%- endmacro %}


{# The texts of a group in one, sorted and joined with `;`; Spark 4 has it as listagg(). #}
{% macro joined_names(text) -%}
    string_agg({{ text }}, ';' order by {{ text }} asc nulls last)
{%- endmacro %}
