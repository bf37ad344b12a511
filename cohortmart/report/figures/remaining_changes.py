"""Scatter of remaining against total changes, a cell for each contrast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cohortmart.report.theme import CATEGORIES, GUIDE, INK, OWN_X_AXES

_SIDE = 230
#: What is told from 0, with colour and shape.
READINGS = {
    "explained": (CATEGORIES[0], "circle"),
    "both": (CATEGORIES[4], "diamond"),
    "a change remains": (CATEGORIES[1], "triangle-up"),
    "neither is sure": (CATEGORIES[5], "cross"),
}


def remaining_changes(readings: Sequence[str], unit: str, noun: str) -> dict[str, Any]:
    """Return the scatter of what remains of each change.

    Parameters
    ----------
    readings : sequence of str
        Those of `READINGS` that the points have.
    unit : str
        Of both changes.
    noun : str
        What a feature is called.

    Returns
    -------
    dict
        Vega-Lite over the data set `changes`, whose column `part` tells points (feature, total,
        remaining, share_explained, reading) and lines (kind, x, y, x2, y2) apart; `contrast` and
        `contrast_order` for all.
    """
    return {
        "data": {"name": "changes"},
        "facet": {
            "field": "contrast",
            "type": "nominal",
            "sort": {"field": "contrast_order", "op": "min"},
            "header": {"title": None, "labelLimit": _SIDE, "labelFontWeight": 600},
        },
        "columns": 3,
        **OWN_X_AXES,
        "spec": {
            "width": _SIDE,
            "height": _SIDE,
            "layer": [_lines(), _points(readings, unit, noun)],
        },
    }


def _lines() -> dict[str, Any]:
    return {
        "transform": [{"filter": "datum.part === 'line'"}],
        "mark": {"type": "rule", "color": INK, "strokeWidth": 1},
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
            "x2": {"field": "x2"},
            "y2": {"field": "y2"},
            "strokeDash": {
                "field": "kind", "type": "nominal", "title": "Line",
                "scale": {"domain": ["nothing explained", "all explained"],
                          "range": [[6, 4], [1, 0]]},
                "legend": {"orient": "bottom", "columns": 1, "symbolType": "stroke",
                           "symbolSize": 300},
            },
        },
    }  # fmt: skip


def _axis(field: str, title: str) -> dict[str, Any]:
    zero = {"condition": {"test": "datum.value === 0", "value": GUIDE}, "value": "#ECECEC"}
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "axis": {"gridColor": zero, "tickCount": 5},
    }


def _points(readings: Sequence[str], unit: str, noun: str) -> dict[str, Any]:
    known = [name for name in READINGS if name in readings]
    legend = {"orient": "bottom", "columns": 1, "symbolSize": 70}
    return {
        "transform": [{"filter": "datum.part === 'point'"}],
        "mark": {"type": "point", "filled": True, "size": 30, "opacity": 0.75},
        "encoding": {
            "x": _axis("total", f"Total change ({unit})"),
            "y": _axis("remaining", f"Remaining change ({unit})"),
            "color": {"field": "reading", "type": "nominal", "title": "Told from 0",
                      "legend": legend,
                      "scale": {"domain": known, "range": [READINGS[r][0] for r in known]}},
            "shape": {"field": "reading", "type": "nominal", "title": "Told from 0",
                      "legend": legend,
                      "scale": {"domain": known, "range": [READINGS[r][1] for r in known]}},
            "tooltip": [
                {"field": "feature", "title": noun[0].upper() + noun[1:]},
                {"field": "total", "title": f"Total ({unit})", "format": ".3g"},
                {"field": "remaining", "title": f"Remaining ({unit})", "format": ".3g"},
                {"field": "share_explained", "title": "Share explained", "format": ".0%"},
            ],
        },
    }  # fmt: skip
