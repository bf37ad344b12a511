"""Spread of the shares of variance over all features, a line for each variable."""

from __future__ import annotations

from typing import Any

from cohortmart.report.theme import GROUP_COLOURS, INK

_ROW = 34


def variance_shares(nouns: str, n_variables: int) -> dict[str, Any]:
    """Return the figure: 5 to 95 % of the features, the middle half, the median.

    Parameters
    ----------
    nouns : str
        What features are called.
    n_variables : int
        Number of lines.

    Returns
    -------
    dict
        Vega-Lite over the data set `shares`: variable, variable_order, p5, p25, p50, p75, p95 (in
        per cent), mean.
    """
    y: dict[str, Any] = {
        "field": "variable",
        "type": "nominal",
        "sort": {"field": "variable_order", "op": "min"},
        "title": None,
        "axis": {"labelLimit": 220, "ticks": False, "domain": False},
    }
    x: dict[str, Any] = {
        "field": "p5",
        "type": "quantitative",
        "title": f"Share of the variance of {nouns} (%)",
        "scale": {"domainMin": 0},
    }
    told = [
        {"field": "variable", "type": "nominal", "title": "Variable"},
        *(
            {"field": field, "type": "quantitative", "title": title, "format": ".1f"}
            for field, title in (
                ("p5", "5 % of them below (%)"),
                ("p25", "a quarter below (%)"),
                ("p50", "median (%)"),
                ("p75", "a quarter above (%)"),
                ("p95", "5 % of them above (%)"),
                ("mean", "mean (%)"),
            )
        ),
    ]
    colour = GROUP_COLOURS[0]
    return {
        "data": {"name": "shares"},
        "width": "container",
        "height": _ROW * n_variables,
        "encoding": {"y": y, "tooltip": told},
        "layer": [
            {"mark": {"type": "rule", "color": colour, "strokeWidth": 1.5},
             "encoding": {"x": x, "x2": {"field": "p95"}}},
            {"mark": {"type": "bar", "color": colour, "opacity": 0.45, "height": 16},
             "encoding": {"x": {**x, "field": "p25"}, "x2": {"field": "p75"}}},
            {"mark": {"type": "tick", "color": INK, "thickness": 3, "size": 20},
             "encoding": {"x": {**x, "field": "p50"}}},
        ],
    }  # fmt: skip
