"""Binned densities of two changes, and lines cut at the edges."""

from __future__ import annotations

from typing import Any

from cohortmart.report.theme import count_colour

#: Width and height of a square panel in pixels: three stand side by side, one on a phone.
SIDE = 270
#: What a panel takes with its axis and spacing.
CELL_WIDTH = 340


def panel_filter(panel: int) -> dict[str, Any]:
    """Return the transform that keeps the rows of a panel, counted from 1."""
    return {"filter": f"datum.panel === {panel}"}


def cells(x_title: str, y_title: str, noun: str) -> dict[str, Any]:
    """Return the layer of binned features: darker where there are more.

    Parameters
    ----------
    x_title, y_title : str
        Of the axes, with units.
    noun : str
        What a feature is called. The data set `cells` has the columns x, x2, y, y2 and n.
    """
    scale = {"nice": False, "zero": False}
    axis = {"tickCount": 5, "grid": False}
    return {
        "data": {"name": "cells"},
        "mark": {"type": "rect", "strokeWidth": 0},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "title": x_title, "scale": scale,
                  "axis": axis},
            "x2": {"field": "x2"},
            "y": {"field": "y", "type": "quantitative", "title": y_title, "scale": scale,
                  "axis": axis},
            "y2": {"field": "y2"},
            "fill": count_colour(f"{noun}s", 76),
        },
    }  # fmt: skip


def clipped_line(slope: float, limit: float) -> tuple[float, float, float, float]:
    """Return both ends (x, y, x2, y2) of the line through 0 inside the square to +-limit."""
    x = limit if abs(slope) <= 1 else limit / abs(slope)
    return -x, -slope * x, x, slope * x
