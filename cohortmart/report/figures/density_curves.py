"""Density curves of betas: the middle of all samples, and the band they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cohortmart.report.theme import CATEGORIES, OWN_X_AXES

Spec = dict[str, Any]
#: Chemistries of the array, always in these colours and dashes.
_COLOURS = {"I": CATEGORIES[0], "II": CATEGORIES[1], "unknown": CATEGORIES[5]}
_DASHES = {"I": [1, 0], "II": [6, 3], "unknown": [2, 2]}


def density_curves(layers: Sequence[str], design_types: Sequence[str]) -> Spec:
    """Return a facet by `layer`: density over beta, a line and a band for each probe type.

    Parameters
    ----------
    layers : sequence of str
        As they are called above the cells, first to last.
    design_types : sequence of str
        Those there are, of I, II and unknown.

    Notes
    -----
    The data set `curves` has the columns layer, design_type, beta, low, middle and high.
    """
    colour = {
        "field": "design_type", "type": "nominal", "title": "Probe type",
        "scale": {"domain": list(design_types), "range": [_COLOURS[t] for t in design_types]},
        "legend": {"orient": "bottom", "symbolType": "stroke", "symbolOpacity": 1,
                   "symbolSize": 300, "symbolStrokeWidth": 2.5},
    }  # fmt: skip
    x = {
        "field": "beta", "type": "quantitative", "title": "Methylation (beta, 0 to 1)",
        "scale": {"domain": [0, 1]}, "axis": {"tickCount": 5},
    }  # fmt: skip
    band = {
        "mark": {"type": "area", "fillOpacity": 0.22, "opacity": 1},
        "encoding": {
            "x": x, "color": colour,
            "y": {"field": "low", "type": "quantitative", "title": "Density"},
            "y2": {"field": "high"},
        },
    }  # fmt: skip
    line = {
        "mark": {"type": "line", "size": 2},
        "encoding": {
            "x": x, "color": colour,
            "y": {"field": "middle", "type": "quantitative", "title": "Density"},
            "strokeDash": {
                "field": "design_type", "type": "nominal", "title": "Probe type",
                "scale": {"domain": list(design_types),
                          "range": [_DASHES[t] for t in design_types]},
            },
        },
    }  # fmt: skip
    return {
        "data": {"name": "curves"},
        "facet": {"field": "layer", "type": "nominal", "title": None, "sort": list(layers)},
        "columns": 3,
        **OWN_X_AXES,
        "spec": {"width": 290, "height": 230, "layer": [band, line]},
    }
