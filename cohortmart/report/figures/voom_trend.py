"""Mean-variance trend of voom: how much genes vary, by how much of them is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cohortmart.report.theme import OWN_X_AXES, UP, count_colour

Spec = dict[str, Any]


def voom_trend(analyses: Sequence[str]) -> Spec:
    """Return a facet by `analysis`: cells with many genes dark, the trend as a line.

    Parameters
    ----------
    analyses : sequence of str
        In the order shown.

    Notes
    -----
    The data set `points` has the columns analysis, kind (cell | curve), x, x2, y, y2 and n; a
    point of the curve has x and y only.
    """
    x = {"field": "x", "type": "quantitative", "title": "Mean log2 count",
         "scale": {"zero": False, "nice": False}, "axis": {"tickCount": 6}}  # fmt: skip
    y = {"field": "y", "type": "quantitative", "axis": {"tickCount": 5},
         "title": "Square root of SD (log2 CPM)"}  # fmt: skip
    cells = {
        "transform": [{"filter": "datum.kind == 'cell'"}],
        "mark": {"type": "rect", "aria": False},
        "encoding": {
            "x": x, "x2": {"field": "x2"}, "y": y, "y2": {"field": "y2"},
            "color": count_colour("Genes", 160),
            "tooltip": [{"field": "n", "title": "Genes", "type": "quantitative"}],
        },
    }  # fmt: skip
    curve = {
        "transform": [{"filter": "datum.kind == 'curve'"}],
        "mark": {"type": "line", "color": UP, "size": 2.5},
        "encoding": {"x": x, "y": y},
    }
    return {
        "data": {"name": "points"},
        "facet": {
            "field": "analysis", "type": "nominal", "title": None, "sort": list(analyses),
            "header": {"labelLimit": 240},
        },
        "columns": 4,
        **OWN_X_AXES,
        "spec": {"width": 250, "height": 220, "layer": [cells, curve]},
    }  # fmt: skip
