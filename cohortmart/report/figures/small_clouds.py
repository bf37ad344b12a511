"""Small multiples of contrasts, each with its features as squares that count them."""

from __future__ import annotations

from typing import Any

from cohortmart.report.theme import DOWN, GUIDE, OWN_X_AXES, UP, count_colour, share_opacity

#: Pixels that a cell takes with its axis and the space around it.
CELL_WIDTH = 142
_WIDTH, _HEIGHT = 100, 96


def small_clouds_spec(
    x_title: str,
    y_title: str,
    noun: str,
    *,
    x_domain: tuple[float, float],
    y_domain: tuple[float, float],
) -> dict[str, Any]:
    """Return the Vega-Lite of one small picture per contrast, on the same axes.

    Parameters
    ----------
    x_title, y_title : str
        With units.
    noun : str
        What a feature is called.
    x_domain, y_domain : tuple of float
        Ends of the axes.

    Notes
    -----
    Data set `parts`: contrast, contrast_order, kind (square, found, x_line, y_line, count) and,
    by kind, x, x2, y, y2, n, share (of all features there), direction (up, down), text.
    """
    x = {"field": "x", "type": "quantitative", "title": x_title,
         "scale": {"domain": list(x_domain), "nice": False}, "axis": {"tickCount": 4}}  # fmt: skip
    y = {"field": "y", "type": "quantitative", "title": y_title,
         "scale": {"domain": list(y_domain), "nice": False}, "axis": {"tickCount": 4}}  # fmt: skip
    return {
        "data": {"name": "parts"},
        "facet": {
            "field": "contrast",
            "type": "nominal",
            "title": None,
            "sort": {"field": "contrast_order", "op": "min"},
            "header": {"labelLimit": _WIDTH, "labelFontSize": 10, "labelPadding": 3},
        },
        "columns": 5,
        # else those of missing cells stand alone below the last row
        **OWN_X_AXES,
        "spacing": 14,
        "spec": {
            "width": _WIDTH,
            "height": _HEIGHT,
            "layer": [
                _squares(x, y, noun),
                _found("up", UP, x, y),
                _found("down", DOWN, x, y),
                _line("x", x, y),
                _line("y", x, y),
                _count("up", UP),
                _count("down", DOWN),
            ],
        },
    }


def _only(kind: str, direction: str | None = None) -> list[dict[str, Any]]:
    test = f"datum.kind === '{kind}'"
    return [
        {"filter": test if direction is None else f"{test} && datum.direction === '{direction}'"}
    ]


def _squares(x: dict[str, Any], y: dict[str, Any], noun: str) -> dict[str, Any]:
    return {
        "transform": _only("square"),
        "mark": {"type": "rect"},
        "encoding": {
            "x": x,
            "x2": {"field": "x2"},
            "y": y,
            "y2": {"field": "y2"},
            "color": count_colour(
                f"{noun}s in a square that are not found", 220, title_px=300
            ),
        },
    }  # fmt: skip


def _found(direction: str, colour: str, x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    return {
        "transform": _only("found", direction),
        "mark": {"type": "rect", "color": colour},
        "encoding": {
            "x": x,
            "x2": {"field": "x2"},
            "y": y,
            "y2": {"field": "y2"},
            "opacity": share_opacity(0.8),
        },
    }


def _line(axis: str, x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    return {
        "transform": _only(f"{axis}_line"),
        "mark": {"type": "rule", "strokeDash": [4, 3], "color": GUIDE},
        "encoding": {axis: x if axis == "x" else y},
    }


def _count(direction: str, colour: str) -> dict[str, Any]:
    """Write how many are up or down, above the squares and in their colour."""
    is_up = direction == "up"
    return {
        "transform": _only("count", direction),
        "mark": {
            "type": "text",
            "align": "right" if is_up else "left",
            "baseline": "top",
            "fontSize": 10,
            "fontWeight": 600,
            "color": colour,
        },
        "encoding": {
            "x": {"value": _WIDTH - 4 if is_up else 4},
            "y": {"value": 4},
            "text": {"field": "text"},
        },
    }
