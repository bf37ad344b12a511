{# Measurements as they came, with what is said of each; null where a matrix says nothing. #}
{% macro raw_measure_rows() -%}
    {%- set matrices = current_matrices("continuous", raw=true) -%}
    {%- set further = ("below_detection", "detection_limit", "qc_flag") -%}
    {%- if not matrices -%}
        {{ empty_select({
            "assay": "string",
            "feature_id": "string",
            "measured": "double[]",
            "below_detection": "double[]",
            "detection_limit": "double[]",
            "qc_flag": "double[]",
        }) }}
    {%- endif -%}
    {%- for matrix in matrices %}
    {%- set known = parquet_columns(matrix.path) %}
    {{ "union all" if not loop.first }}
    select
        {{ sql_text(matrix.assay) }} as assay,
        feature_id,
        cast({{ adapter.quote("values") }} as double[]) as measured
        {%- for name in further %},
        cast({{ name if name in known else "null" }} as double[]) as {{ name }}
        {%- endfor %}
    from read_parquet({{ sql_text(matrix.path) }})
    {%- endfor %}
{%- endmacro %}


{# The word for a quality code of the lake. #}
{% macro qc_word(code) -%}
    case cast({{ code }} as int)
        when 0 then 'pass'
        when 1 then 'warn'
        when 2 then 'fail'
        when 3 then 'above'
    end
{%- endmacro %}
