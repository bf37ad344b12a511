"""Sample maps (PCA, MDS): points near each other where samples are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cohortmart.report.theme import GUIDE, INK

Spec = dict[str, Any]
#: Of Vega's, those that tell apart when small.
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
UNKNOWN = "not known"


@dataclass(frozen=True)
class Axes:
    """One map: two columns of the points and what they are."""

    x: str
    y: str
    x_title: str
    y_title: str


@dataclass(frozen=True)
class Code:
    """What a colour or a shape stands for.

    Parameters
    ----------
    field : str
        Column of the points.
    title : str
        For the reader.
    scale : dict, optional
        Of colours by level; without it the values are numbers.
    levels : tuple of str
        In the order shown; empty for numbers.
    """

    field: str
    title: str
    scale: Spec | None = None
    levels: tuple[str, ...] = ()


def sample_maps(
    maps: Sequence[Axes], colour: Code | None, shape: Code | None, tooltip: Sequence[Spec]
) -> Spec:
    """Return the maps side by side, in one legend.

    Parameters
    ----------
    maps : sequence of Axes
    colour, shape : Code or None
        None: all are the same.
    tooltip : sequence of dict
        Fields of the data set `points` with their titles.
    """
    code = _code(colour, shape, tooltip)
    return {
        "data": {"name": "points"},
        "columns": 3,
        "concat": [
            {
                "width": 250,
                "height": 230,
                "mark": _MARK,
                "encoding": {
                    "x": _axis(one.x, one.x_title),
                    "y": _axis(one.y, one.y_title),
                    **code,
                },
            }
            for one in maps
        ],
    }


def sample_map(
    one: Axes,
    colour: Code | None,
    shape: Code | None,
    tooltip: Sequence[Spec],
    *,
    paths: bool = False,
) -> Spec:
    """Return one large map; a ring is drawn around some samples, which are named.

    Parameters
    ----------
    one : Axes
    colour, shape, tooltip
        As of `sample_maps`.
    paths : bool
        Join the samples of a `path` (a person and cell type) in the order of `visit_order`.

    Notes
    -----
    The data set `ringed` has the two columns of the axes and words, what stands
    beside the ring, on the `side` left or right.
    """
    places = {"x": _axis(one.x, one.x_title), "y": _axis(one.y, one.y_title)}
    path: Spec = {
        "data": {"name": "points"},
        "transform": [{"filter": "isValid(datum.path)"}],
        "mark": {"type": "line", "strokeWidth": 1, "color": GUIDE, "opacity": 0.5},
        "encoding": {**places, "detail": {"field": "path"},
                     "order": {"field": "visit_order", "type": "quantitative"}},
    }  # fmt: skip
    points: Spec = {
        "data": {"name": "points"},
        "mark": _MARK | {"size": 90},
        "encoding": {**places, **_code(colour, shape, tooltip)},
    }
    ring: Spec = {
        "data": {"name": "ringed"},
        "mark": {"type": "point", "filled": False, "size": 330, "stroke": INK, "strokeWidth": 1.8,
                 "shape": "circle"},
        "encoding": places,
    }  # fmt: skip
    # the name stands on the side of the middle: it is not cut at an edge
    side = "datum.side === 'left'"
    names: list[Spec] = [
        {
            "data": {"name": "ringed"},
            "transform": [{"filter": side if is_left else f"!({side})"}],
            "mark": {"type": "text", "align": "right" if is_left else "left", "baseline": "middle",
                     "dx": -13 if is_left else 13, "fontSize": 12, "fontWeight": 600, "color": INK,
                     "limit": 220},
            "encoding": {**places, "text": {"field": "words", "type": "nominal"}},
        }
        for is_left in (False, True)
    ]  # fmt: skip
    return {"height": 400, "layer": [*([path] if paths else []), ring, points, *names]}


_MARK: Spec = {
    "type": "point", "filled": True, "size": 60, "opacity": 0.85, "stroke": "#FFFFFF",
    "strokeWidth": 0.5,
}  # fmt: skip


def _code(colour: Code | None, shape: Code | None, tooltip: Sequence[Spec]) -> Spec:
    """Return how points are drawn, and what is told of one."""
    code: Spec = {"tooltip": list(tooltip)}
    code["color"] = _colour(colour) if colour else {"value": INK}
    if shape:
        code["shape"] = {
            "field": shape.field, "type": "nominal", "title": shape.title,
            "scale": {"domain": list(shape.levels), "range": list(SHAPES[: len(shape.levels)])},
            "legend": {"orient": "top", "columns": 3, "labelLimit": 100},
        }  # fmt: skip
    return code


def _axis(field: str, title: str) -> Spec:
    return {
        "field": field, "type": "quantitative", "title": title,
        "scale": {"zero": False, "padding": 8},
        "axis": {"tickCount": 5, "titleLimit": 250, "labelFlush": False},
    }  # fmt: skip


def _colour(code: Code) -> Spec:
    if code.scale is not None:
        return {
            "field": code.field, "type": "nominal", "title": code.title, "scale": code.scale,
            "legend": {"orient": "bottom", "columns": 3, "labelLimit": 100},
        }  # fmt: skip
    return {
        "condition": {
            "test": f"isValid(datum.{code.field})",
            "field": code.field, "type": "quantitative", "title": code.title,
            "scale": {"zero": False, "scheme": {"name": "viridis", "extent": [0, 0.9]}},
            "legend": {"orient": "bottom", "gradientLength": 160, "tickCount": 4},
        },
        "value": GUIDE,
    }  # fmt: skip
