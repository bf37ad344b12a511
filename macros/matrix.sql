{#
    Matrices of one kind ("counts" or "beta"), the last layer of each assay: a list of
    {assay, layer, path} in the order of assays. Parts are called ASSAY:LAYER.
#}
{% macro current_matrices(kind) %}
    {% set samples = current_files("lake", "matrix_sample") %}
    {% if not samples %}{% do return([]) %}{% endif %}
    {% set wanted = run_query(
        "select distinct assay from " ~ read_files(samples) ~ " where kind = "
        ~ sql_text(kind) ~ " order by assay"
    ).columns[0].values() %}
    {% set layers = var("matrix_layers") %}
    {% set last = {} %}
    {% for file in current_files("lake", "matrix") %}
        {% set assay, layer = file.part.rsplit(":", 1) %}
        {% if layer not in layers %}
            {% do exceptions.raise_compiler_error(
                "the lake holds the layer '" ~ layer ~ "' of assay '" ~ assay
                ~ "', expected one of " ~ layers ~ " (var matrix_layers in dbt_project.yml)"
            ) %}
        {% endif %}
        {% set known = last.get(assay) %}
        {% if known is none or layers.index(layer) > layers.index(known.layer) %}
            {% do last.update(
                {assay: {"assay": assay, "layer": layer, "path": file.path}}
            ) %}
        {% endif %}
    {% endfor %}
    {% set matrices = [] %}
    {% for assay in wanted if assay in last %}
        {% do matrices.append(last[assay]) %}
    {% endfor %}
    {% do return(matrices) %}
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
        }) }}
    {%- endif -%}
    {%- for matrix in matrices %}
    {{ "union all" if not loop.first }}
    select
        {{ sql_text(matrix.assay) }} as assay,
        {{ sql_text(matrix.layer) }} as layer,
        feature_id,
        cast({{ adapter.quote("values") }} as double[]) as measured
    from read_parquet({{ sql_text(matrix.path) }})
    {%- endfor %}
{%- endmacro %}


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


{# Number of elements of a list. #}
{% macro list_length(list) -%}
    len({{ list }})
{%- endmacro %}


{# Sum over the elements of a list; null where all are missing. #}
{% macro list_total(list) -%}
    list_sum({{ list }})
{%- endmacro %}
