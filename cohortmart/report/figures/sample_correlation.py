"""Sample correlation: how alike any two samples are, a triangle of cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cohortmart.report.theme import DENSITY, INK, group_scale

Spec = dict[str, Any]
_SIZE = 430


#: Outline of two samples of one person: no colour of a group, and seen on dark and pale.
_SAME = "#E8A000"


def sample_correlation(
    groups: Sequence[str],
    *,
    has_same: bool = False,
    value: str = "Correlation r",
    tooltip: str = "r",
) -> Spec:
    """Return the cells under the diagonal, with the groups along both edges.

    Parameters
    ----------
    groups : sequence of str
        In the order of the study; a study of one group has no stripes.
    has_same : bool
        Outline what is in the data set `same`: x, y and words, what the legend says of it.
    value, tooltip : str
        What the colours are, in the legend and at the pointer.

    Notes
    -----
    Samples have places from 0. The data set `cells` has x, y and r; `samples` place, name and
    study_group; `blocks` (samples of a cell type, which follow each other) start, stop, middle
    and words.
    """
    pointed = [
        {"field": "one", "title": "Sample", "type": "nominal"},
        {"field": "other", "title": "and", "type": "nominal"},
        {"field": "r", "title": tooltip, "type": "quantitative", "format": ".4f"},
    ]
    return {
        "height": _SIZE,
        "layer": [
            {
                "data": {"name": "cells"},
                "transform": [*_ends("x", "y"), _looked_up("x", "one"), _looked_up("y", "other")],
                "mark": {"type": "rect", "aria": False},
                "encoding": {
                    "x": _x("x"), "x2": {"field": "x_end"}, "y": _y("y"),
                    "y2": {"field": "y_end"},
                    "color": {
                        "field": "r", "type": "quantitative", "title": value,
                        "scale": {"zero": False, "range": list(DENSITY)},
                        "legend": {"orient": "bottom", "gradientLength": 160, "tickCount": 4},
                    },
                    "tooltip": pointed,
                },
            },
            *([_same()] if has_same else []),
            *(_stripes(groups) if len(groups) > 1 else []),
            *_blocks(),
        ],
        "resolve": {"scale": {"color": "independent"}},
    }  # fmt: skip


def _same() -> Spec:
    """Return the outlines of the cells of one person."""
    return {
        "data": {"name": "same"},
        "transform": _ends("x", "y"),
        "mark": {"type": "rect", "fill": "transparent", "strokeWidth": 0.9, "aria": False},
        "encoding": {
            "x": _x("x"), "x2": {"field": "x_end"}, "y": _y("y"), "y2": {"field": "y_end"},
            "stroke": {
                "field": "words", "type": "nominal", "title": "Two samples",
                "scale": {"range": [_SAME]},
                "legend": {"orient": "bottom", "symbolType": "square", "symbolStrokeWidth": 2,
                           "symbolFillColor": "transparent"},
            },
        },
    }  # fmt: skip


def _stripes(groups: Sequence[str]) -> list[Spec]:
    """Return the groups of the samples along both edges."""
    return [
        _stripe(groups, {"y": _y("place"), "y2": {"field": "place_end"},
                         "x": {"value": -13}, "x2": {"value": -4}}),
        _stripe(groups, {"x": _x("place"), "x2": {"field": "place_end"},
                         "y": {"value": _SIZE + 4}, "y2": {"value": _SIZE + 13}},
                with_legend=False),
    ]  # fmt: skip


def _looked_up(place: str, name: str) -> Spec:
    """Return what finds the name of the sample at a place: names are stored once."""
    samples = {"data": {"name": "samples"}, "key": "place", "fields": ["name"]}
    return {"lookup": place, "from": samples, "as": [name]}


def _ends(*fields: str) -> list[Spec]:
    return [{"calculate": f"datum.{f} + 1", "as": f"{f}_end"} for f in fields]


_BARE = {"labels": False, "ticks": False, "grid": False, "domain": False, "title": None}


def _x(field: str) -> Spec:
    return {"field": field, "type": "quantitative", "axis": _BARE,
            "scale": {"zero": True, "nice": False}}  # fmt: skip


def _y(field: str) -> Spec:
    return {"field": field, "type": "quantitative", "axis": _BARE,
            "scale": {"zero": True, "nice": False, "reverse": True}}  # fmt: skip


def _stripe(groups: Sequence[str], place: Spec, *, with_legend: bool = True) -> Spec:
    """Return the groups of the samples along an edge."""
    legend = {"orient": "top", "columns": 3, "symbolType": "square", "labelLimit": 100}
    return {
        "data": {"name": "samples"},
        "transform": _ends("place"),
        "mark": {"type": "rect", "clip": False},
        "encoding": {
            **place,
            "color": {
                "field": "study_group", "type": "nominal", "title": "Group (stripes)",
                "scale": group_scale(groups),
                "legend": legend if with_legend else None,
            },
        },
    }  # fmt: skip


def _blocks() -> list[Spec]:
    """Return the names of the cell types beside the diagonal, and a frame around each."""
    frame = {
        "data": {"name": "blocks"},
        "mark": {"type": "rect", "fillOpacity": 0, "stroke": INK, "strokeWidth": 1},
        "encoding": {
            "x": _x("start"), "x2": {"field": "stop"}, "y": _y("start"), "y2": {"field": "stop"},
        },
    }  # fmt: skip
    words = {
        "data": {"name": "blocks"},
        "mark": {"type": "text", "align": "left", "baseline": "bottom", "dx": 12, "dy": -4,
                 "fontSize": 13, "fontWeight": 600, "color": INK},
        "encoding": {
            "x": _x("middle"), "y": _y("middle"), "text": {"field": "words", "type": "nominal"},
        },
    }  # fmt: skip
    return [frame, words]
