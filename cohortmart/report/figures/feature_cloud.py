"""Scatter of a contrast: features as dots, or counted in squares with the strongest as points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from cohortmart.report.theme import DOWN, GUIDE, INK, NEITHER, UP, count_colour, share_opacity

_SHAPES = {"domain": ["up", "down", "neither"],
           "range": ["triangle-up", "triangle-down", "circle"]}  # fmt: skip
#: Without a scale, since that of the squares has the colour of the picture.
_COLOUR = {
    "expr": f"datum.direction === 'up' ? '{UP}' : "
    f"datum.direction === 'down' ? '{DOWN}' : '{NEITHER}'"
}
#: Where the squares lie follows from their numbers and from the one row of `frame`.
_PLACED: list[dict[str, Any]] = [
    {"calculate": "1", "as": "key"},
    {"lookup": "key",
     "from": {"data": {"name": "frame"}, "key": "key", "fields": ["x_width", "y_width"]}},
    {"calculate": "datum.i * datum.x_width", "as": "x"},
    {"calculate": "(datum.i + 1) * datum.x_width", "as": "x2"},
    {"calculate": "datum.j * datum.y_width", "as": "y"},
    {"calculate": "(datum.j + 1) * datum.y_width", "as": "y2"},
]  # fmt: skip
_X, _Y = {"field": "x", "type": "quantitative"}, {"field": "y", "type": "quantitative"}


def cloud_spec(
    x_title: str,
    y_title: str,
    noun: str,
    *,
    changes: Literal["x", "y"],
    dots: bool = False,
    height: int = 340,
) -> dict[str, Any]:
    """Return the Vega-Lite of features around two values.

    Parameters
    ----------
    x_title, y_title : str
        With units.
    noun : str
        What a feature is called: gene, CpG.
    changes : {"x", "y"}
        The axis along which features are up and down.
    dots : bool
        Every feature is a dot; else squares count them.
    height : int
        Pixels.

    Notes
    -----
    Data sets: `frame` (one row: key = 1, x_width, y_width of a square; x_low, x_high, y_low,
    y_high of the picture; up, down: how many are found), `lines` (x, x2, y, y2), `labels` (x, y,
    text, side: left or right of the point). With dots `features` (x, y, direction, name), else
    `squares` (i, j, n: number of features from i to i + 1 widths), `found` (the same with
    direction, and share: of all features there) and `points` (x, y, direction, name).
    """
    titles = (x_title, y_title)
    drawn = (
        [_dots(*titles, found=False), _dots(*titles, found=True), _lines()]
        if dots
        else [_squares(noun), _found(), _lines(), _points(*titles)]
    )
    return {
        "height": height,
        "layer": [
            _frame(x_title, y_title),
            *drawn,
            point_labels(_X, _Y, halo=True),
            point_labels(_X, _Y, halo=False),
            *_directions(changes),
        ],
    }


def without_empty(
    spec: dict[str, Any], data: Mapping[str, Any], n_found: int, n: int
) -> dict[str, Any]:
    """Leave out the layers of a cloud that have nothing to draw: Vega complains of them.

    Parameters
    ----------
    spec : dict
        Of `cloud_spec`.
    data : mapping of str to table
        Its data sets.
    n_found, n : int
        Features that are found, and all of them.
    """
    absent = {name for name, table in data.items() if getattr(table, "num_rows", 1) == 0}
    dots = [_dots_filter(found=True)] * (n_found == 0) + [_dots_filter(found=False)] * (
        n_found >= n
    )
    layers = [
        layer
        for layer in spec["layer"]
        if layer["data"]["name"] not in absent and layer.get("transform") not in dots
    ]
    return spec | {"layer": layers}


def _frame(x_title: str, y_title: str) -> dict[str, Any]:
    """Draw nothing, but make the axes reach from edge to edge."""
    scale = {"nice": False, "zero": False}
    return {
        "data": {"name": "frame"},
        "mark": {"type": "rect", "opacity": 0, "tooltip": None},
        "encoding": {
            "x": {"field": "x_low", "type": "quantitative", "title": x_title, "scale": scale,
                  "axis": {"tickCount": 7}},
            "x2": {"field": "x_high"},
            "y": {"field": "y_low", "type": "quantitative", "title": y_title, "scale": scale},
            "y2": {"field": "y_high"},
        },
    }  # fmt: skip


def _squares(noun: str) -> dict[str, Any]:
    return {
        "data": {"name": "squares"},
        "transform": _PLACED,
        "mark": {"type": "rect"},
        "encoding": {
            "x": _X,
            "x2": {"field": "x2"},
            "y": _Y,
            "y2": {"field": "y2"},
            "color": count_colour(
                f"{noun}s in a square that are not found", 180, title_px=280
            ),
            "tooltip": [{"field": "n", "title": f"{noun}s here, not found", "format": ","}],
        },
    }  # fmt: skip


def _found() -> dict[str, Any]:
    return {
        "data": {"name": "found"},
        "transform": _PLACED,
        "mark": {"type": "rect", "color": _COLOUR},
        "encoding": {
            "x": _X,
            "x2": {"field": "x2"},
            "y": _Y,
            "y2": {"field": "y2"},
            "opacity": share_opacity(0.45),
            "tooltip": [{"field": "n", "title": "found here", "format": ","}],
        },
    }


def _lines() -> dict[str, Any]:
    return {
        "data": {"name": "lines"},
        "mark": {"type": "rule", "strokeDash": [5, 4], "color": GUIDE, "strokeWidth": 1.2},
        "encoding": {"x": _X, "x2": {"field": "x2"}, "y": _Y, "y2": {"field": "y2"}},
    }


def _points(x_title: str, y_title: str) -> dict[str, Any]:
    return {
        "data": {"name": "points"},
        "mark": {"type": "point", "filled": True, "size": 44, "opacity": 1, "color": _COLOUR,
                 "stroke": "#FFFFFF", "strokeWidth": 0.6},
        "encoding": {
            "x": _X,
            "y": _Y,
            "shape": {"field": "direction", "type": "nominal", "scale": _SHAPES, "legend": None},
            "tooltip": _tooltip(x_title, y_title),
        },
    }  # fmt: skip


def _dots(x_title: str, y_title: str, *, found: bool) -> dict[str, Any]:
    """Draw each feature: those that are found above the others, larger and in their colour."""
    return {
        "data": {"name": "features"},
        "transform": _dots_filter(found=found),
        "mark": {"type": "point", "filled": True, "size": 24 if found else 11,
                 "opacity": 0.9 if found else 0.45, "color": _COLOUR},
        "encoding": {"x": _X, "y": _Y, "tooltip": _tooltip(x_title, y_title)},
    }  # fmt: skip


def _dots_filter(*, found: bool) -> list[dict[str, Any]]:
    return [{"filter": f"(datum.direction !== 'neither') === {str(found).lower()}"}]


def _tooltip(x_title: str, y_title: str) -> list[dict[str, Any]]:
    return [
        {"field": "name", "title": "Name"},
        {"field": "x", "title": x_title, "format": ".3~g"},
        {"field": "y", "title": y_title, "format": ".3~g"},
    ]


def point_labels(x: Mapping[str, Any], y: Mapping[str, Any], *, halo: bool) -> dict[str, Any]:
    """Return the layer of names beside points, first in white so that they stand out.

    Parameters
    ----------
    x, y : mapping
        Channels of the place; the data set `labels` has text and side (left or right), too.
    halo : bool
        The white one.
    """
    outline = {"stroke": "#FFFFFF", "strokeWidth": 3, "strokeJoin": "round", "opacity": 0.85}
    return {
        "data": {"name": "labels"},
        "mark": {
            "type": "text",
            "align": {"expr": "datum.side === 'left' ? 'right' : 'left'"},
            "dx": {"expr": "datum.side === 'left' ? -7 : 7"},
            "baseline": "middle",
            "fontSize": 11,
            "color": INK,
            "tooltip": None,
            **(outline if halo else {}),
        },
        "encoding": {"x": x, "y": y, "text": {"field": "text"}},
    }


def _directions(changes: Literal["x", "y"]) -> list[dict[str, Any]]:
    """Say in two corners which way is up: the legend of the colours and shapes."""
    places = {"up": ("width", 4), "down": (0, 4) if changes == "x" else ("width", "height")}
    colours = {"up": UP, "down": DOWN}
    found = []
    for name, (x, y) in places.items():
        mark = {
            "type": "text",
            "align": "right" if x == "width" else "left",
            "baseline": "bottom" if y == "height" else "top",
            "dx": -5 if x == "width" else 5,
            "dy": -4 if y == "height" else 0,
            "fontSize": 12,
            "fontWeight": 600,
            "color": colours[name],
            "tooltip": None,
        }
        found.append(
            {
                "data": {"name": "frame"},
                "mark": mark,
                "encoding": {"x": {"value": x}, "y": {"value": y}, "text": {"field": name}},
            }
        )
    return found
