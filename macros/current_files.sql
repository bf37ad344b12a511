{#
    The study's output folder as an absolute path, because stored views name files in it. A
    relative one is meant from the project's folder, where dbt works.
#}
{% macro study_home() %}
    {% set home = env_var("COHORTMART_HOME", "demo") %}
    {% if not home.startswith("/") %}
        {% set home = invocation_args_dict["project_dir"] ~ "/" ~ home %}
    {% endif %}
    {% if not home.startswith("/") %}
        {% do exceptions.raise_compiler_error(
            "COHORTMART_HOME has to be an absolute path here, found '" ~ home ~ "'"
        ) %}
    {% endif %}
    {% do return(home) %}
{% endmacro %}


{# Hash of the SQL that builds; empty where dbt was not started by cohortmart. #}
{% macro project_mark() %}
    {% do return(env_var("COHORTMART_PROJECT_MARK", "")) %}
{% endmacro %}


{# A text as an SQL literal. #}
{% macro sql_text(text) %}
    {% do return("'" ~ text | replace("'", "''") ~ "'") %}
{% endmacro %}


{#
    The files that count now, from `current.parquet` of a room ("lake" or "results"): a list
    of {part, path} in the order of part and path, paths absolute. Empty while dbt parses,
    and where the room or the table does not exist. The model that asks hangs on this source.
#}
{% macro current_files(room, table_name) %}
    {% do source(room, table_name) %}
    {% if not execute %}{% do return([]) %}{% endif %}
    {% set folder = study_home() ~ "/" ~ room %}
    {% set list = sql_text(folder ~ "/current.parquet") %}
    {% if run_query("select file from glob(" ~ list ~ ")").rows | length == 0 %}
        {% if table_name == "sample" %}
            {% do log("no lake in " ~ folder ~ ": all tables will be empty", info=true) %}
        {% endif %}
        {% do return([]) %}
    {% endif %}
    {% set found = run_query(
        "select part, path from read_parquet(" ~ list ~ ") where table_name = "
        ~ sql_text(table_name) ~ " order by part, path"
    ) %}
    {% set files = [] %}
    {% for row in found.rows %}
        {% do files.append({"part": row[0], "path": folder ~ "/" ~ row[1]}) %}
    {% endfor %}
    {% do return(files) %}
{% endmacro %}


{# `read_parquet` over some of those files. #}
{% macro read_files(files) -%}
    read_parquet([
        {%- for file in files -%}
        {{ sql_text(file.path) }}{{ ", " if not loop.last }}
        {%- endfor -%}
    ], union_by_name = true)
{%- endmacro %}


{# A select without rows: columns is {name: type}. #}
{% macro empty_select(columns) -%}
    select
        {%- for name, type in columns.items() %}
        cast(null as {{ type }}) as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    where false
{%- endmacro %}


{#
    A model that only reads: all rows of a source, with the columns and types of the model's
    own YAML; no rows where there is no file yet. With `further`, the files' other columns
    follow. With `named`, the columns that the YAML marks `looked_up: true` are those of
    int_analysis__feature_names, joined by analysis and feature. Columns that it marks
    `added_later: true` are null in files of versions that did not have them.
#}
{% macro staged(room, table_name, further=false, named=false) -%}
    {%- set columns, added = {}, {} -%}
    {%- for column in model.columns.values() if not column.config.meta.looked_up -%}
        {%- do columns.update({column.name: column.data_type}) -%}
        {%- if column.config.meta.added_later -%}
            {%- do added.update({column.name: column.data_type}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set rows = current_table(room, table_name, columns, further, added) -%}
    {%- if named -%}
        {{ with_feature_names(rows, columns, ref("int_analysis__feature_names")) }}
    {%- else -%}
        {{ rows }}
    {%- endif -%}
{%- endmacro %}


{# The rows of a select with the model's columns, those that are `named` from there. #}
{% macro with_feature_names(rows, columns, names) -%}
    with

    read as (

        {{ rows }}

    )

    select
        {%- for name in model.columns %}
        {{ "read" if name in columns else "feature_names" }}.{{ name }}
        {{- "," if not loop.last }}
        {%- endfor %}
    from read
    left join {{ names }} as feature_names
        on
            read.analysis = feature_names.analysis
            and read.feature_id = feature_names.feature_id
{%- endmacro %}


{# The same with columns that are given: {name: type}, `added` those that may be missing. #}
{% macro current_table(room, table_name, columns, further=false, added={}) -%}
    {%- set files = current_files(room, table_name) -%}
    {%- if not files -%}
        {{ empty_select(columns) }}
    {%- else -%}
        select
            {%- for name, type in columns.items() %}
            cast({{ name }} as {{ type }}) as {{ name }}{{ "," if further or not loop.last }}
            {%- endfor %}
            {%- if further %}
            * exclude ({{ columns | join(", ") }})
            {%- endif %}
        {% if added -%}
        from (
            select * from {{ read_files(files) }}
            union all by name
            {{ empty_select(added) }}
        )
        {%- else -%}
        from {{ read_files(files) }}
        {%- endif %}
    {%- endif -%}
{%- endmacro %}


{#
    What a room's list holds while the models are built: one row per file. The commands
    compare it with the list as it is later, to see whether the warehouse is up to date and
    still lies where it was built.
#}
{% macro listed_files(room) -%}
    {%- do source(room, "current") -%}
    {%- set columns = {"table_name": "string", "part": "string", "path": "string"} -%}
    {%- set folder = study_home() ~ "/" ~ room -%}
    {%- set list = sql_text(folder ~ "/current.parquet") -%}
    {%- if execute
        and run_query("select file from glob(" ~ list ~ ")").rows | length > 0 -%}
        select table_name, part, path from read_parquet({{ list }})
    {%- else -%}
        {{ empty_select(columns) }}
    {%- endif -%}
{%- endmacro %}
