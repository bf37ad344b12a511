{#
    Matrices of one kind ("counts", "beta" or "continuous"): for each assay the last of the
    layers named in the lake's `assay` table that the lake has, or with `raw` the first one. A
    list of {assay, layer, path, clip} in the order of assays. Parts are called ASSAY:LAYER.
#}
{% macro current_matrices(kind, raw=false) %}
    {% set paths = {} %}
    {% for file in current_files("lake", "matrix") %}
        {% do paths.update({file.part: file.path}) %}
    {% endfor %}
    {% set matrices = [] %}
    {% for assay, layers, clip in assay_layers(kind) %}
        {% set last = {} %}
        {% for layer in (layers[:1] if raw else layers) if assay ~ ":" ~ layer in paths %}
            {% do last.update({
                "assay": assay,
                "layer": layer,
                "path": paths[assay ~ ":" ~ layer],
                "clip": clip,
            }) %}
        {% endfor %}
        {% if last %}{% do matrices.append(last) %}{% endif %}
    {% endfor %}
    {% do return(matrices) %}
{% endmacro %}


{# The assays of a kind: (assay, [layers the study names, first to last], M-value clip). #}
{% macro assay_layers(kind) %}
    {% set assays = current_files("lake", "assay") %}
    {# a lake written by itself may lack the table; then the defaults hold #}
    {% set files = assays or current_files("lake", "matrix_sample") %}
    {% if not files %}{% do return([]) %}{% endif %}
    {# one text, so that an assay called 450 stays a text #}
    {% set found = run_query(
        "select distinct concat_ws(':', assay, "
        ~ ("coalesce(layers, 'raw'), m_value_clip" if assays else "'raw', null")
        ~ ") || ':' as named from " ~ read_files(files)
        ~ " where kind = " ~ sql_text(kind) ~ " order by named"
    ) %}
    {% set known = [] %}
    {% for row in found.rows %}
        {% set parts = row[0].split(":") %}
        {% do known.append((parts[0], parts[1].split("|"), parts[2] or var("m_value_clip"))) %}
    {% endfor %}
    {% do return(known) %}
{% endmacro %}


{# One row per assay x feature: its values as one list, in the order of matrix_sample. #}
{% macro matrix_rows(kind) -%}
    {%- set matrices = current_matrices(kind) -%}
    {%- if not matrices -%}
        {{ empty_select({
            "assay": "string",
            "layer": "string",
            "feature_id": "string",
            "measured": "double[]",
            "m_values": "double[]",
        }) }}
    {%- endif -%}
    {%- for matrix in matrices %}
    {%- set measured = "cast(" ~ adapter.quote("values") ~ " as double[])" %}
    {{ "union all" if not loop.first }}
    select
        {{ sql_text(matrix.assay) }} as assay,
        {{ sql_text(matrix.layer) }} as layer,
        feature_id,
        {{ measured }} as measured,
        {% if kind == "beta" -%}
        {{ list_m_values(measured, "cast('" ~ matrix.clip ~ "' as double)") }}
        {%- else -%}
        cast(null as double[])
        {%- endif %} as m_values
    from read_parquet({{ sql_text(matrix.path) }})
    {%- endfor %}
{%- endmacro %}


{# The raw betas with what the scanner said about each; null where the files have none. #}
{% macro raw_beta_rows() -%}
    {%- set matrices = current_matrices("beta", raw=true) -%}
    {%- if not matrices -%}
        {{ empty_select({
            "assay": "string",
            "feature_id": "string",
            "measured": "double[]",
            "detection_p": "double[]",
            "bead_count": "double[]",
        }) }}
    {%- endif -%}
    {%- for matrix in matrices %}
    {%- set known = parquet_columns(matrix.path) %}
    {{ "union all" if not loop.first }}
    select
        {{ sql_text(matrix.assay) }} as assay,
        feature_id,
        cast({{ adapter.quote("values") }} as double[]) as measured
        {%- for further in ("detection_p", "bead_count") %},
        cast({{ further if further in known else "null" }} as double[]) as {{ further }}
        {%- endfor %}
    from read_parquet({{ sql_text(matrix.path) }})
    {%- endfor %}
{%- endmacro %}


{#
    The betas of kept probes and samples as lists, in the order of the lake: features ascend
    within an assay. DuckDB keeps the order of a scan through filters and scalar subqueries
    but through no join, and sorting lists costs more than reading them. So what is known of a
    probe is looked up by the number of its row: `quality` has the same probes in the same
    order. Layers after raw hold kept probes and samples only.
#}
{% macro kept_beta_rows(quality, samples) -%}
    {%- set matrices = current_matrices("beta") -%}
    {%- if not matrices -%}
        {{ empty_select({"assay": "string", "feature_id": "string", "measured": "double[]"}) }}
    {%- endif -%}
    {%- for matrix in matrices %}
    {%- set assay = sql_text(matrix.assay) %}
    {%- set is_raw = matrix.layer == "raw" %}
    {%- set detected = is_raw and "detection_p" in parquet_columns(matrix.path) %}
    {{ "union all" if not loop.first }}
    select
        {{ assay }} as assay,
        feature_id,
        case
            when {{ list_length("picked") }} = {{ list_length("measured") }} then measured
            else {{ list_pick("measured", "picked") }}
        end as measured
    from (
        select
            feature_id,
            picked,
            {% if detected -%}
            case
                when failed is null then measured
                else {{ list_without("measured", "failed") }}
            end as measured
            {%- else -%}
            measured
            {%- endif %}
        from (
            select
                feature_id,
                cast({{ adapter.quote("values") }} as double[]) as measured,
                {%- if detected %}
                {{ of_this_row("failed_positions", quality, assay) }} as failed,
                {%- endif %}
                (
                    select array_agg(layer_position order by position asc nulls last)
                    from {{ samples }}
                    where assay = {{ assay }}
                ) as picked
            from read_parquet({{ sql_text(matrix.path) }}, file_row_number = true)
            {%- if is_raw %}
            where {{ of_this_row("filter_reason is null", quality, assay) }}
            {%- endif %}
        ) as kept
    ) as detected
    {%- endfor %}
{%- endmacro %}


{# What `quality` says of the probe in this row of the matrix. #}
{% macro of_this_row(expression, quality, assay) -%}
    {{ list_element(
        "(select array_agg(" ~ expression ~ " order by feature_id asc nulls last) from "
        ~ quality ~ " where assay = " ~ assay ~ ")",
        "file_row_number + 1"
    ) }}
{%- endmacro %}


{# Names of the columns of a Parquet file, nested ones included. #}
{% macro parquet_columns(path) %}
    {% set found = run_query("select name from parquet_schema(" ~ sql_text(path) ~ ")") %}
    {% do return(found.columns[0].values()) %}
{% endmacro %}


{#
    From lists to one row per assay x feature x sample. Indexing the list by the position
    of each sample was faster than unnest() for everything but one feature, and Spark has
    it as element_at().
#}
{% macro unnest_matrix(matrix, matrix_samples, feature_name, value_name) -%}
    select
        {{ matrix }}.assay,
        {{ matrix }}.feature_id as {{ feature_name }},
        {{ matrix_samples }}.sample_id,
        {{ list_element(matrix ~ ".measured", matrix_samples ~ ".position") }}
            as {{ value_name }}
    from {{ matrix }}
    inner join {{ matrix_samples }}
        on
            {{ matrix }}.assay = {{ matrix_samples }}.assay
            and {{ matrix }}.layer = {{ matrix_samples }}.layer
{%- endmacro %}


{# Element of a list, counted from 1; null beyond its end. #}
{% macro list_element(list, position) -%}
    {{ list }}[{{ position }}]
{%- endmacro %}


{# Sum over the elements of a list; null where all are missing. #}
{% macro list_total(list) -%}
    list_sum({{ list }})
{%- endmacro %}


{# Whether a list holds an element; null without a list. #}
{% macro list_holds(list, element) -%}
    list_contains({{ list }}, {{ element }})
{%- endmacro %}


{# Elements of a list at the given positions, counted from 1. #}
{% macro list_pick(list, positions) -%}
    list_select({{ list }}, {{ positions }})
{%- endmacro %}


{# A list with null at the given positions. #}
{% macro list_without(list, positions) -%}
    list_transform(
        {{ list }},
        lambda x, i:
        case when list_contains({{ positions }}, i) then null else x end
    )
{%- endmacro %}


{# Smallest and largest element of a list, NaN being larger than any number. #}
{% macro list_lowest(list) -%}
    list_min({{ list }})
{%- endmacro %}

{% macro list_highest(list) -%}
    list_max({{ list }})
{%- endmacro %}
