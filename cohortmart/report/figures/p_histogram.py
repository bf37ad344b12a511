"""Histograms of P values, with the level they have where nothing differs."""

from __future__ import annotations

from typing import Any

from cohortmart.report.theme import INK, OWN_X_AXES

#: Bars below 0.05, and the others.
_SMALL, _OTHER = "#0072B2", "#B9C3CC"


def p_histogram_spec(noun: str, bars: int) -> dict[str, Any]:
    """Return the histogram of the P values of a contrast.

    Parameters
    ----------
    noun : str
        What a feature is called.
    bars : int
        From 0 to 1.

    Notes
    -----
    Data sets: `bars` (bar from 0, n) and `flat` (value: features per bar where nothing differs).
    """
    return {
        "height": 220,
        "layer": [
            {"data": {"name": "bars"}, **_bars(noun, bars)},
            {"data": {"name": "flat"}, **_flat("value")},
        ],
    }


def small_p_histograms_spec(noun: str, bars: int) -> dict[str, Any]:
    """Return one small histogram per contrast, on the same axes.

    Notes
    -----
    Data set `bars`: contrast, contrast_order, bar, n, flat (null but in the first row of each).
    """
    return {
        "data": {"name": "bars"},
        "facet": {
            "field": "contrast",
            "type": "nominal",
            "title": None,
            "sort": {"field": "contrast_order", "op": "min"},
            "header": {"labelLimit": 100, "labelFontSize": 10, "labelPadding": 3},
        },
        "columns": 5,
        # else those of missing cells stand alone below the last row
        **OWN_X_AXES,
        "spacing": 14,
        "spec": {
            "width": 100,
            "height": 70,
            "layer": [
                _bars(noun, bars),
                {"transform": [{"filter": "isValid(datum.flat)"}], **_flat("flat")},
            ],
        },
    }


def _bars(noun: str, bars: int) -> dict[str, Any]:
    below = round(bars * 0.05)
    return {
        "transform": [
            {"calculate": f"datum.bar / {bars}", "as": "p_from"},
            {"calculate": f"(datum.bar + 1) / {bars}", "as": "p_to"},
            {"calculate": f"datum.bar < {below} ? 'below 0.05' : '0.05 and above'", "as": "part"},
        ],
        "mark": {"type": "rect", "stroke": "#FFFFFF", "strokeWidth": 0.5},
        "encoding": {
            "x": {"field": "p_from", "type": "quantitative", "title": "P value",
                  "scale": {"domain": [0, 1]}, "axis": {"tickCount": 5}},
            "x2": {"field": "p_to"},
            "y": {"field": "n", "type": "quantitative", "title": f"Number of {noun}s",
                  "axis": {"tickCount": 4, "format": "~s"}},
            "y2": {"datum": 0},
            "color": {"field": "part", "type": "nominal", "title": "P value",
                      "scale": {"domain": ["below 0.05", "0.05 and above"],
                                "range": [_SMALL, _OTHER]},
                      "legend": {"orient": "bottom"}},
            "tooltip": [{"field": "p_from", "title": "P from"}, {"field": "p_to", "title": "to"},
                        {"field": "n", "title": f"{noun}s", "format": ","}],
        },
    }  # fmt: skip


def _flat(field: str) -> dict[str, Any]:
    return {
        "mark": {"type": "rule", "strokeDash": [5, 4], "color": INK, "strokeWidth": 1.2},
        "encoding": {"y": {"field": field, "type": "quantitative"}},
    }
