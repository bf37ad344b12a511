"""Filter funnel: what was left after every step, as bars with the numbers in words."""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]
_LEFT, _DROPPED = "#9DBBD6", "#D55E00"


def funnel(title: str, n_steps: int) -> Spec:
    """Return a bar for each step, what it left out behind it.

    Parameters
    ----------
    title : str
        Of the axis: what is counted.
    n_steps : int
        How many bars there are.

    Notes
    -----
    The data set `steps` has the columns step_order, step, n_left, n_before (left and dropped
    together), words and limit (of the step, in words).
    """
    y = {
        "field": "step", "type": "nominal", "title": None,
        "sort": {"field": "step_order", "op": "min", "order": "ascending"},
        "axis": {"labelLimit": 130, "ticks": False, "domain": False},
    }  # fmt: skip
    x = {"type": "quantitative", "title": title, "axis": {"format": ",d", "tickCount": 4}}
    tooltip = [
        {"field": "step", "title": "Step", "type": "nominal"},
        {"field": "words", "title": title, "type": "nominal"},
        {"field": "limit", "title": "Limit", "type": "nominal"},
    ]
    bar = {"type": "bar", "height": {"band": 0.75}}
    return {
        "height": 30 * n_steps,
        "data": {"name": "steps"},
        "layer": [
            {
                "mark": {**bar, "color": _LEFT},
                "encoding": {"y": y, "x": {**x, "field": "n_left"}, "tooltip": tooltip},
            },
            {
                "mark": {**bar, "color": _DROPPED},
                "encoding": {
                    "y": y, "x": {**x, "field": "n_left"}, "x2": {"field": "n_before"},
                    "tooltip": tooltip,
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 6, "x": 0, "fontSize": 12,
                         "color": "#1A1A1A"},
                "encoding": {"y": y, "text": {"field": "words", "type": "nominal"}},
            },
        ],
    }  # fmt: skip
