"""Heat map of principal components against variables, with P values."""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]
#: From here on the colour of a cell is dark, and its words are white.
_DARK = 0.75
#: From nothing over half to all; words stay readable on each.
_SHADES = ("#F4F4F8", "#B9B9D0", "#2B2B4F")


def component_map() -> Spec:
    """Return variables by components: the colour tells how much, the words how surely.

    Notes
    -----
    The data set `cells` has the columns component, component_words, variable, row (from 1, the
    strongest first), r_squared (0 to 1), p_value, p_words and n_samples.
    """
    x = {
        "field": "component_words", "type": "nominal",
        "title": "Principal component (share of all differences)",
        "sort": {"field": "component", "op": "min", "order": "ascending"},
        "axis": {"labelAngle": 0, "labelLimit": 60,
                 "labelExpr": "split(replace(datum.label, '%', '\u00a0%'), ' ')",
                 "ticks": False, "domain": False},
    }  # fmt: skip
    y = {
        "field": "variable", "type": "nominal", "title": None,
        "sort": {"field": "row", "op": "min", "order": "ascending"},
        "axis": {"labelLimit": 130, "ticks": False, "domain": False},
    }  # fmt: skip
    tooltip = [
        {"field": "variable", "title": "Variable", "type": "nominal"},
        {"field": "component", "title": "Component", "type": "quantitative"},
        {"field": "r_squared", "title": "R squared", "type": "quantitative", "format": ".3f"},
        {"field": "p_value", "title": "P", "type": "quantitative", "format": ".2g"},
        {"field": "n_samples", "title": "Samples", "type": "quantitative"},
    ]
    return {
        "width": {"step": 50},
        "height": {"step": 28},
        "data": {"name": "cells"},
        "encoding": {"x": x, "y": y},
        "layer": [
            {
                "mark": {"type": "rect", "stroke": "#FFFFFF", "strokeWidth": 1},
                "encoding": {
                    "color": {
                        "field": "r_squared", "type": "quantitative", "title": "R squared",
                        "scale": {"domain": [0, 0.5, 1], "range": list(_SHADES)},
                        "legend": {"orient": "bottom", "gradientLength": 160, "tickCount": 3},
                    },
                    "tooltip": tooltip,
                },
            },
            {
                "mark": {"type": "text", "fontSize": 11},
                "encoding": {
                    "text": {"field": "p_words", "type": "nominal"},
                    "color": {
                        "condition": {"test": f"datum.r_squared > {_DARK}", "value": "#FFFFFF"},
                        "value": "#000000",
                    },
                    "tooltip": tooltip,
                },
            },
        ],
    }  # fmt: skip
