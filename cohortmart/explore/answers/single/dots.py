"""Dots with intervals: contrasts down, a panel for each analysis, what is found filled."""

from __future__ import annotations

from typing import Any

from cohortmart.report.theme import DOWN, GUIDE, NEITHER, UP

#: What a panel takes with its axis and spacing.
CELL_WIDTH = 330
_WIDTH, _STEP = 190, 15


def dots_with_intervals(n_contrasts: int) -> dict[str, Any]:
    """Return a facet by `panel_title` in the order of `panel`.

    Parameters
    ----------
    n_contrasts : int
        Of the analysis that has most.

    Returns
    -------
    dict
        Vega-Lite over the data set `contrasts`, its rows in the order of the contrasts: panel,
        panel_title, contrast, meaning, log_fc, ci_low, ci_high, p_value, adj_p_value, found (`yes`
        or empty), address.
    """
    y = {"field": "contrast", "type": "nominal", "title": None,
         "sort": None,
         "axis": {"labelLimit": 110, "grid": True, "ticks": False, "domain": False}}  # fmt: skip
    x = {"field": "log_fc", "type": "quantitative", "title": "Change", "axis": {"tickCount": 5}}
    is_found = "datum.found === 'yes'"
    colour = {"condition": [{"test": f"{is_found} && datum.log_fc > 0", "value": UP},
                            {"test": is_found, "value": DOWN}], "value": NEITHER}  # fmt: skip
    tooltip = [
        {"field": "contrast", "title": "Contrast"}, {"field": "meaning", "title": "Meaning"},
        {"field": "log_fc", "title": "Change", "format": "+.3f"},
        {"field": "ci_low", "title": "95 % from", "format": "+.3f"},
        {"field": "ci_high", "title": "to", "format": "+.3f"},
        {"field": "p_value", "title": "P", "format": ".2g"},
        {"field": "adj_p_value", "title": "Adjusted P", "format": ".2g"},
        {"field": "found", "title": "Found"},
    ]  # fmt: skip
    layers = [
        {"mark": {"type": "rule", "color": GUIDE, "strokeDash": [4, 3]},
         "encoding": {"x": {"datum": 0}}},
        {"mark": {"type": "rule", "strokeWidth": 1.4},
         "encoding": {"y": y, "x": {**x, "field": "ci_low"}, "x2": {"field": "ci_high"},
                      "color": colour, "tooltip": tooltip}},
        {"mark": {"type": "point", "filled": True, "size": 62, "opacity": 1, "strokeWidth": 1.4},
         "encoding": {"y": y, "x": x, "color": colour, "stroke": colour,
                      "fillOpacity": {"condition": {"test": is_found, "value": 1}, "value": 0},
                      "tooltip": tooltip}},
    ]  # fmt: skip
    return {
        "data": {"name": "contrasts"},
        "facet": {"field": "panel_title", "type": "nominal", "title": None,
                  "sort": {"field": "panel", "op": "min"},
                  "header": {"labelFontWeight": 600, "labelLimit": CELL_WIDTH}},
        "columns": 3,
        "bounds": "flush",
        "spacing": {"column": CELL_WIDTH - _WIDTH, "row": 70},
        "resolve": {"scale": {"x": "independent", "y": "independent"},
                    "axis": {"x": "independent", "y": "independent"}},
        "spec": {"width": _WIDTH, "height": _STEP * n_contrasts + 10, "layer": layers},
    }  # fmt: skip
