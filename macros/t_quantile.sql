{#
    97.5 % quantile of Student's t for a whole number of degrees of freedom: half of a 95 %
    confidence interval, in standard errors; null below 1. Up to 30 the numbers themselves,
    then the expansion of Cornish and Fisher about the normal quantile (Abramowitz & Stegun
    1972, 26.7.5), which is there within 2e-8 of the truth.

    Plain Jinja without dbt's context, so that Python renders the same file.
#}
{% macro t_quantile_975(df) -%}
    {%- set quantiles = [
        "12.706204736174694e0", "4.302652729749462e0", "3.1824463052837078e0",
        "2.7764451051977934e0", "2.5705818356363146e0", "2.4469118511449786e0",
        "2.364624251592784e0", "2.306004135204166e0", "2.262157162798205e0",
        "2.228138851986274e0", "2.200985160091639e0", "2.1788128296672284e0",
        "2.1603686564627913e0", "2.144786687917804e0", "2.131449545559776e0",
        "2.1199052992212546e0", "2.1098155778333156e0", "2.1009220402410382e0",
        "2.0930240544083087e0", "2.085963447265864e0", "2.0796138447276795e0",
        "2.0738730679040254e0", "2.0686576104190486e0", "2.0638985616280245e0",
        "2.0595385527532972e0", "2.0555294386428735e0", "2.0518305164802846e0",
        "2.0484071417952454e0", "2.045229642132703e0", "2.0422724563012378e0",
    ] -%}
    case
        {%- for quantile in quantiles %}
        when {{ df }} = {{ loop.index }} then {{ quantile }}
        {%- endfor %}
        when {{ df }} > 30
            then
                1.959963984540054e0
                + 2.372271230298562e0 / {{ df }}
                + 2.8224986157396112e0 / power({{ df }}, 2)
                + 2.555849679507722e0 / power({{ df }}, 3)
                + 1.5895340533938225e0 / power({{ df }}, 4)
    end
{%- endmacro %}


{#
    Both ends of the 95 % confidence interval of the mean of n values by Student's t: mean and
    sd name columns; null for one value.
#}
{% macro t_interval(mean, sd, n) -%}
    {%- set half = t_quantile_975("(" ~ n ~ " - 1)") ~ " * " ~ sd ~ " / sqrt(" ~ n ~ ")" -%}
    {{ mean }} - {{ half }} as ci_low,
    {{ mean }} + {{ half }} as ci_high
{%- endmacro %}
