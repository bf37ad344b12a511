"""Scatter of two contrasts: the change of every feature in the one against that in the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmart.report.figures.density import cells
from cohortmart.report.figures.feature_cloud import point_labels
from cohortmart.report.theme import CATEGORIES, DOWN, GUIDE, NEITHER, UP

#: Classes of features, their colours and shapes: found in both the same way, in both in
#: opposite ways, in the first or second alone, in neither.
CLASSES = {
    "both": (UP, "diamond"),
    "opposite": (CATEGORIES[1], "cross"),
    "first": (CATEGORIES[0], "triangle-right"),
    "second": (DOWN, "triangle-up"),
    "neither": (NEITHER, "circle"),
}


def pair_scatter(
    first: str,
    second: str,
    noun: str,
    words: Mapping[str, str],
    *,
    dots: bool,
    height: int = 430,
) -> dict[str, Any]:
    """Return the Vega-Lite of two changes.

    Parameters
    ----------
    first, second : str
        Titles of the axes, with units.
    noun : str
        What a feature is called.
    words : mapping of str to str
        What those of `CLASSES` that occur are called.
    dots : bool
        Every feature is a point; else squares count them below the points.
    height : int
        Pixels.

    Notes
    -----
    Data sets: `frame` (one row: low, high of both axes), `points` (x, y, class in words, name,
    address), `labels` (x, y, text, side), and without dots `cells` (x, x2, y, y2, n).
    """
    edges = {"nice": False, "zero": False}
    x, y = {"field": "x", "type": "quantitative"}, {"field": "y", "type": "quantitative"}
    frame = {
        "data": {"name": "frame"},
        "mark": {"type": "rect", "opacity": 0, "tooltip": None},
        "encoding": {
            "x": {"field": "x_low", "type": "quantitative", "title": first, "scale": edges},
            "x2": {"field": "x_high"},
            "y": {"field": "y_low", "type": "quantitative", "title": second, "scale": edges},
            "y2": {"field": "y_high"},
        },
    }
    return {
        "height": height,
        "layer": [
            frame,
            *([] if dots else [cells(first, second, noun)]),
            _axis("x"),
            _axis("y"),
            _points(first, second, words, x, y),
            *(point_labels(x, y, halo=halo) for halo in (True, False)),
        ],
    }


def _axis(channel: str) -> dict[str, Any]:
    """Draw the line of no change."""
    return {
        "data": {"name": "frame"},
        "mark": {"type": "rule", "color": GUIDE, "strokeDash": [5, 4], "tooltip": None},
        "encoding": {channel: {"datum": 0}},
    }


def _points(
    first: str, second: str, words: Mapping[str, str], x: dict[str, Any], y: dict[str, Any]
) -> dict[str, Any]:
    shown = [CLASSES[name] for name in words]
    colours, shapes = [colour for colour, _ in shown], [shape for _, shape in shown]
    unfound = {"field": "class", "equal": words.get("neither", "")}
    legend = {"orient": "bottom", "columns": 2, "symbolSize": 70, "symbolOpacity": 1}
    return {
        "data": {"name": "points"},
        "mark": {"type": "point", "filled": True},
        "encoding": {
            "x": x,
            "y": y,
            "color": {"field": "class", "type": "nominal", "title": "Found", "legend": legend,
                      "scale": {"domain": list(words.values()), "range": colours}},
            "shape": {"field": "class", "type": "nominal", "title": "Found", "legend": legend,
                      "scale": {"domain": list(words.values()), "range": shapes}},
            "size": {"condition": {"test": unfound, "value": 11},
                     "value": 34},
            "opacity": {"condition": {"test": unfound, "value": 0.4}, "value": 0.85},
            "tooltip": [
                {"field": "name", "title": "Name"},
                {"field": "class", "title": "Found"},
                {"field": "x", "title": first, "format": ".3~g"},
                {"field": "y", "title": second, "format": ".3~g"},
            ],
        },
    }  # fmt: skip
