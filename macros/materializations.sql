{#
    Views and tables as dbt makes them, in one round trip to DuckDB: the contract is checked,
    the relation put in place and described by one statement each. dbt's own materializations
    build beside, rename and drop, and ask for the columns before they comment on them. No one
    reads a file that is being built, and a whole model is one transaction.
#}
{% materialization view, adapter="duckdb" %}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement("main") %}
        {{ checked_contract(sql) }}
        {{ drop_other_kind("view") }}
        create or replace view {{ this }} as ({{ sql }});
        {{ described("view") }}
    {% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {% do return({"relations": [this.incorporate(type="view")]}) %}
{% endmaterialization %}


{% materialization table, adapter="duckdb" %}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% set enforced = config.get("contract").enforced %}
    {% call statement("main") %}
        {{ checked_contract(sql) }}
        {{ drop_other_kind("table") }}
        create or replace table {{ this }}
        {% if enforced %}
            {{ get_table_columns_and_constraints() }};
            insert into {{ this }} {{ get_column_names() }} ({{ get_select_subquery(sql) }});
        {% else %}
            as ({{ sql }});
        {% endif %}
        {{ described("table") }}
    {% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {% do return({"relations": [this.incorporate(type="table")]}) %}
{% endmaterialization %}


{# The statement that drops what is there of the other kind: neither replaces the other. #}
{% macro drop_other_kind(kind) %}
    {% set existing = load_cached_relation(this) %}
    {% if existing is not none and existing.type != kind %}
        drop {{ existing.type }} if exists {{ existing }} cascade;
    {% endif %}
{% endmacro %}


{# Raises where the columns are not those that the contract says. #}
{% macro checked_contract(sql) %}
    {% if config.get("contract").enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif %}
{% endmacro %}


{# The statements that make descriptions comments of the relation and of its columns. #}
{% macro described(kind) %}
    {% if config.persist_relation_docs() and model.description %}
        comment on {{ kind }} {{ this }} is {{ duckdb_escape_comment(model.description) }};
    {% endif %}
    {% if config.persist_column_docs() %}
        {% for column in model.columns.values() if column.description %}
            {% set name = adapter.quote(column.name) if column.quote else column.name %}
            comment on column {{ this }}.{{ name }}
            is {{ duckdb_escape_comment(column.description) }};
        {% endfor %}
    {% endif %}
{% endmacro %}


{#
    The statements that make what the study says of its columns comments of this relation, as
    its YAML cannot know them: own columns get the description of `study_variable`; those of
    the YAML keep theirs and have it added. `this` is the table of samples.
#}
{% macro comments_of_the_study() %}
    {% set columns = {"variable": "string", "description": "string"} %}
    {% set said = current_table(
        "lake", "study_variable", columns, added={"description": "string"}
    ) %}
    {% if not execute %}{% do return("") %}{% endif %}
    {% set there = adapter.get_columns_in_relation(this) | map(attribute="name") | list %}
    {% for row in run_query("select * from (" ~ said ~ ") order by 1").rows
        if row[1] and row[0] in there %}
        {% set fixed = model.columns.get(row[0]) %}
        {% set text = (fixed.description ~ " In this study: " ~ row[1]) if fixed else row[1] %}
        comment on column {{ this }}.{{ adapter.quote(row[0]) }}
        is {{ duckdb_escape_comment(text) }};
    {% endfor %}
{% endmacro %}
