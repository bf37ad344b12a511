"""Heat map of CpGs in genomic order by contrast: colour is delta beta, a mark what is found."""

from __future__ import annotations

from typing import Any

from cohortmart.report.theme import DIVERGING, INK

#: Pixels of a row.
_ROW = 16


def cpg_heat_map(n_cpgs: int, reach: float) -> dict[str, Any]:
    """Return CpGs down and contrasts across.

    Parameters
    ----------
    n_cpgs : int
    reach : float
        Delta beta at which the colours end.

    Returns
    -------
    dict
        Vega-Lite over the data set `cells`: cpg (its label), row, contrast, place, delta_beta,
        adj_p_value, region, found (`yes` or empty), address.
    """
    places = {
        "x": {"field": "contrast", "type": "nominal", "title": None,
              "sort": {"field": "place", "op": "min"},
              "axis": {"orient": "top", "labelAngle": -45, "ticks": False, "domain": False,
                       "labelLimit": 110}},
        "y": {"field": "cpg", "type": "nominal", "title": None,
              "sort": {"field": "row", "op": "min"},
              "axis": {"ticks": False, "domain": False, "labelLimit": 190,
                       "labelOverlap": False}},
    }  # fmt: skip
    tooltip = [
        {"field": "cpg", "title": "CpG"}, {"field": "region", "title": "Region"},
        {"field": "contrast", "title": "Contrast"},
        {"field": "delta_beta", "title": "Delta beta", "format": "+.3f"},
        {"field": "adj_p_value", "title": "Adjusted P", "format": ".2g"},
        {"field": "found", "title": "Found"},
    ]  # fmt: skip
    return {
        "data": {"name": "cells"},
        "height": n_cpgs * _ROW,
        "layer": [
            {"mark": {"type": "rect", "stroke": "#FFFFFF", "strokeWidth": 1},
             "encoding": {**places, "tooltip": tooltip, "color": {
                 "field": "delta_beta", "type": "quantitative", "title": "Delta beta",
                 "scale": {"domain": [-reach, 0, reach], "range": list(DIVERGING),
                           "clamp": True},
                 "legend": {"orient": "bottom", "gradientLength": 150, "tickCount": 3,
                            "format": "+.2~f"}}}},
            {"transform": [{"filter": "datum.found === 'yes'"}],
             "mark": {"type": "point", "shape": "circle", "filled": True, "size": 34,
                      "opacity": 1, "color": INK, "stroke": "#FFFFFF", "strokeWidth": 1},
             "encoding": {**places, "tooltip": tooltip}},
        ],
    }  # fmt: skip
