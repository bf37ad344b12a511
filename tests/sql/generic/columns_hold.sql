{#
    Fails for every rule of a column that rows of the table break; the rules stand with the
    columns in the model's YAML, as macros/column_rules.sql lists them. With `unique` a
    combination of the grain's columns that has several rows fails as well, where no primary
    key sees to that. One row per broken rule, with the number of rows that break it; all
    rules of the columns together read the table once.
#}
{% test columns_hold(model, unique=true) %}

    {{- config(fail_calc="cast(coalesce(sum(n_rows), 0) as bigint)") }}
    {%- set rules = column_rules() %}
    {%- set keys = grain_to_test() if unique else [] %}

    with

    counted as (

        select
            {%- for rule in rules %}
            count(case when {{ rule.broken }} then 1 end) as n_{{ loop.index }},
            {%- endfor %}
            count(*) as n_all
        from {{ model }}

    ),

    rules as (

        {%- for rule in rules %}
        select
            {{ loop.index }} as rule_number,
            {{ sql_text(rule.column) }} as column_name,
            {{ sql_text(rule.words) }} as rule
        union all
        {%- endfor %}
        select 0 as rule_number, '' as column_name, '' as rule

    ),

    numbers as (

        select
            rules.column_name,
            rules.rule,
            case rules.rule_number
                {%- for rule in rules %}
                when {{ loop.index }} then counted.n_{{ loop.index }}
                {%- endfor %}
                when 0 then 0
            end as n_rows
        from counted
        cross join rules
        {%- if keys %}

        union all

        select
            {{ sql_text(keys | join(", ")) }} as column_name,
            'names several rows' as rule,
            count(*) as n_rows
        from (
            select {{ keys | join(", ") }}
            from {{ model }}
            group by {{ keys | join(", ") }}
            having count(*) > 1
        ) as repeated
        {%- endif %}

    )

    select
        column_name,
        rule,
        n_rows
    from numbers
    where n_rows > 0

{% endtest %}
