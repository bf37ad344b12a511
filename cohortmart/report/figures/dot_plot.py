"""Dot plot of gene sets: how clear, how large, in which direction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cohortmart.report.theme import DOWN, GUIDE, NEITHER, UP

#: How a direction looks, colour and shape.
_LOOKS = {
    "any direction": (NEITHER, "circle"),
    "up": (UP, "triangle-up"),
    "down": (DOWN, "triangle-down"),
    "up then down": (UP, "diamond"),
    "down then up": (DOWN, "square"),
}


def dot_plot(
    x_title: str, size_title: str, directions: Sequence[str], n_sets: int | None
) -> dict[str, Any]:
    """Return gene sets on y and how clear or strong their enrichment is on x.

    Parameters
    ----------
    x_title, size_title : str
        What position and size mean.
    directions : sequence of str
        Those that the data may have: `any direction`, `up`, `down`, `up then down`,
        `down then up`.
    n_sets : int, optional
        Of the data; None for a cell for each list of genes (`list`, `list_order`), for a file.

    Returns
    -------
    dict
        Vega-Lite over the data sets `sets` (`set`, `set_order`, `x`, `size`,
        `direction`, `n_genes`, `adj_p`, `clear`: adjusted P below 0.05) and `limit` (`x`: a
        guide line).
    """
    looks = [_LOOKS[d] for d in directions]
    legend = {"orient": "bottom", "title": "Direction", "columns": 1}
    direction = {"field": "direction", "type": "nominal", "legend": legend}
    domain = list(directions)
    fill = {"condition": {"test": "datum.clear", "value": 0.9}, "value": 0.12}
    names = {
        "field": "set", "type": "nominal", "sort": {"field": "set_order", "op": "min"},
        "title": None, "axis": {"labelLimit": 170, "grid": True},
    }  # fmt: skip
    dots = {
        "mark": {"type": "point", "filled": True, "strokeWidth": 1.3, "strokeOpacity": 1},
        "encoding": {
            "y": names,
            "x": {"field": "x", "type": "quantitative", "title": x_title,
                  "scale": {"padding": 12}, "axis": {"tickCount": 5}},
            "size": {
                "field": "size", "type": "quantitative", "scale": {"range": [35, 330]},
                "legend": {"orient": "bottom", "title": size_title, "tickCount": 3,
                           "symbolFillColor": "#AAAAAA", "symbolStrokeColor": "#AAAAAA"},
            },
            "color": {**direction, "scale": {"domain": domain, "range": [c for c, _ in looks]}},
            "stroke": {**direction, "scale": {"domain": domain, "range": [c for c, _ in looks]}},
            "shape": {**direction, "scale": {"domain": domain, "range": [s for _, s in looks]}},
            "fillOpacity": fill,
            "tooltip": _TOOLTIP,
        },
    }  # fmt: skip
    rule = {
        "data": {"name": "limit"},
        "mark": {"type": "rule", "color": GUIDE, "strokeDash": [4, 3]},
        "encoding": {"x": {"field": "x", "type": "quantitative"}},
    }
    sets = {"data": {"name": "sets"}}
    if n_sets is not None:
        return {"height": 22 * n_sets + 6, "layer": [rule, {**sets, **dots}]}
    return {
        **sets,
        "facet": {
            "field": "list", "type": "nominal", "sort": {"field": "list_order", "op": "min"},
            "header": {"title": None, "labelLimit": 340, "labelFontWeight": 600},
        },
        "columns": 3,
        "spec": {"width": 150, "height": {"step": 20}, "layer": [rule, dots]},
        "resolve": {"scale": {"y": "independent"}, "axis": {"x": "independent"}},
    }  # fmt: skip


_TOOLTIP = [
    {"field": "set", "title": "Set"},
    {"field": "direction", "title": "Direction"},
    {"field": "size", "title": "Genes"},
    {"field": "n_genes", "title": "Genes of the set measured"},
    {"field": "x", "title": "On the axis", "format": ".3g"},
    {"field": "adj_p", "title": "Adjusted P", "format": ".2g"},
]
