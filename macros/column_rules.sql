{#
    The model that a test of our own is attached to, as the YAML beside it describes it; none
    while dbt parses.
#}
{% macro tested_model() %}
    {% if not execute %}{% do return(none) %}{% endif %}
    {% do return(graph.nodes[model.attached_node]) %}
{% endmacro %}


{#
    The rules of a model's columns as a list of {column, words, broken}: what is said of a
    column that breaks one, and the condition of a row that does. They stand in a column's
    `config: meta:`.

    not_null: true           it is never missing
    min_value, max_value     no value lies outside, and none is NaN; in lists no element
    not_nan: true            no value is NaN
    accepted_values: [...]   it is one of these texts
    not_below: column        it is at least that column, but for rounding, and missing only
                             where that is missing; a list of columns names several

    But for not_null a missing value keeps every rule.
#}
{% macro column_rules() %}
    {% set tested = tested_model() %}
    {% set rules = [] %}
    {% for column in (tested.columns.values() if tested else []) %}
        {% set name, meta = column.name, column.config.meta %}
        {% if meta.not_null %}
            {% do rules.append(
                {"column": name, "words": "is missing", "broken": name ~ " is null"}
            ) %}
        {% endif %}
        {% if "min_value" in meta or "max_value" in meta or meta.not_nan %}
            {% do rules.append({
                "column": name,
                "words": range_words(meta.min_value, meta.max_value),
                "broken": is_out_of_range(column, meta.min_value, meta.max_value),
            }) %}
        {% endif %}
        {% if meta.accepted_values %}
            {% set texts = [] %}
            {% for value in meta.accepted_values %}
                {% do texts.append(sql_text(value)) %}
            {% endfor %}
            {% do rules.append({
                "column": name,
                "words": "is none of " ~ meta.accepted_values | join(", "),
                "broken": name ~ " not in (" ~ texts | join(", ") ~ ")",
            }) %}
        {% endif %}
        {% set smaller = meta.not_below or [] %}
        {% for other in ([smaller] if smaller is string else smaller) %}
            {% do rules.append({
                "column": name,
                "words": "is below " ~ other,
                "broken": name ~ " < " ~ other ~ " - 1e-12 * abs(" ~ other ~ ")"
                    ~ " or (" ~ name ~ " is null) <> (" ~ other ~ " is null)",
            }) %}
        {% endfor %}
    {% endfor %}
    {% do return(rules) %}
{% endmacro %}


{# "is outside 0 to 1", "is below 0", "is above 1" or "is no number", NaN included. #}
{% macro range_words(minimum, maximum) %}
    {% if minimum is defined and maximum is defined %}
        {% do return("is outside " ~ minimum ~ " to " ~ maximum) %}
    {% elif minimum is defined %}
        {% do return("is below " ~ minimum ~ " or no number") %}
    {% elif maximum is defined %}
        {% do return("is above " ~ maximum ~ " or no number") %}
    {% endif %}
    {% do return("is no number") %}
{% endmacro %}


{# Condition of a value, or of a list with an element, outside the range or NaN. #}
{% macro is_out_of_range(column, minimum, maximum) %}
    {% set is_list = column.data_type.endswith("[]") %}
    {% set lowest = list_lowest(column.name) if is_list else column.name %}
    {% set highest = list_highest(column.name) if is_list else column.name %}
    {# NaN is above every number in DuckDB and Spark #}
    {% set conditions = ["isnan(cast(" ~ highest ~ " as double))"] %}
    {% if minimum is defined %}
        {% do conditions.append(lowest ~ " < cast(" ~ minimum ~ " as double)") %}
    {% endif %}
    {% if maximum is defined %}
        {% do conditions.append(highest ~ " > cast(" ~ maximum ~ " as double)") %}
    {% endif %}
    {% do return(conditions | join(" or ")) %}
{% endmacro %}


{# The columns of the grain, unless a primary key of the table sees to them. #}
{% macro grain_to_test() %}
    {% set tested = tested_model() %}
    {% if not tested %}{% do return([]) %}{% endif %}
    {% set grain = tested.config.meta.grain %}
    {% for constraint in tested.constraints if constraint.type == "primary_key"
        and tested.config.materialized == "table" %}
        {% if constraint.columns | list == grain | list %}{% do return([]) %}{% endif %}
    {% endfor %}
    {% do return(grain) %}
{% endmacro %}


{#
    At the end of a run: which rules the rows of tables break, said for those who run dbt and
    noted in run_results.json, from which `cohortmart build` says it.
#}
{% macro note_broken_rules(results) %}
    {% for result in results if result.status == "fail"
        and result.node.name.startswith("columns_hold_") %}
        {% set broken = [] %}
        {% set table = graph.nodes[result.node.attached_node].name %}
        {% for row in run_query(result.node.compiled_code).rows %}
            {% do broken.append({"column": row[0], "rule": row[1], "rows": row[2] | int}) %}
            {% do log(
                table ~ ": " ~ row[0] ~ " " ~ row[1] ~ " (rows: " ~ row[2] ~ ")", info=true
            ) %}
        {% endfor %}
        {% do result.adapter_response.update({"table": table, "broken_rules": broken}) %}
    {% endfor %}
{% endmacro %}
