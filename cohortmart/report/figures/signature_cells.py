"""Correlations of contrasts with published tables, as a heat map with what no effect gives."""

from __future__ import annotations

from typing import Any

from cohortmart.report.theme import DIVERGING, INK

#: Correlations at which the colours end.
_REACH = 0.5
_ROW, _COLUMN = 20, 150


def signature_cells() -> dict[str, Any]:
    """Return contrasts down and tables across; r in the colour and as a number.

    Returns
    -------
    dict
        Vega-Lite over the data set `cells`: contrast, contrast_order, signature, r, said (r and
        half the width of its no-effect range, as text), beyond (adjusted P below 0.05), low, high,
        p, adj_p, n.
    """
    places: dict[str, Any] = {
        "x": {"field": "signature", "type": "nominal", "title": None,
              "axis": {"orient": "top", "labelAngle": 0, "labelLimit": _COLUMN}},
        "y": {"field": "contrast", "type": "nominal", "title": None,
              "sort": {"field": "contrast_order", "op": "min"}, "axis": {"labelLimit": 190}},
    }  # fmt: skip
    colour = {
        "field": "r", "type": "quantitative", "title": "r",
        "scale": {"domain": [-_REACH, 0, _REACH], "range": list(DIVERGING), "clamp": True},
        "legend": {"orient": "bottom", "gradientLength": 150, "tickCount": 5},
    }  # fmt: skip
    tooltip = [
        {"field": "contrast", "title": "Contrast"},
        {"field": "signature", "title": "Signature"},
        {"field": "r", "title": "r", "format": ".3f"},
        {"field": "low", "title": "No effect, from", "format": ".3f"},
        {"field": "high", "title": "to", "format": ".3f"},
        {"field": "p", "title": "P", "format": ".2g"},
        {"field": "adj_p", "title": "Adjusted P", "format": ".2g"},
        {"field": "n", "title": "Features", "format": ","},
    ]
    text: dict[str, Any] = {"type": "text", "fontSize": 11, "tooltip": None}
    # white on the darkest cells
    ink = {"expr": f"abs(datum.r) > 0.35 ? '#FFFFFF' : '{INK}'"}
    cells: dict[str, Any] = {**places, "color": colour, "tooltip": tooltip}
    words: dict[str, Any] = {**places, "text": {"field": "said"}}
    layers: list[dict[str, Any]] = [{"mark": {"type": "rect"}, "encoding": cells}]
    for beyond, weight in (("!datum.beyond", 400), ("datum.beyond", 700)):
        mark: dict[str, Any] = {**text, "fontWeight": weight, "color": ink}
        layers.append({"transform": [{"filter": beyond}], "mark": mark, "encoding": words})
    return {
        "data": {"name": "cells"},
        "width": {"step": _COLUMN},
        "height": {"step": _ROW},
        "layer": layers,
    }
