"""Scatter of methylation against expression changes, a cell for each contrast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cohortmart.core.text import Noun
from cohortmart.report.theme import CATEGORIES, GUIDE, INK, OWN_X_AXES, count_colour

#: Pixels along either side of a cell.
_SIDE = 230
#: Parts of a gene as they are told apart here; colour and shape say the same.
REGIONS = ("promoter", "gene body", "unknown region")
_SHAPES = ("circle", "triangle-up", "cross")
#: Where the name of a quadrant stands: horizontal and vertical place, alignment.
_CORNERS: dict[str, tuple[int, int, str]] = {
    "up-up": (_SIDE - 5, 12, "right"),
    "down-up": (5, 12, "left"),
    "up-down": (_SIDE - 5, _SIDE - 32, "right"),
    "down-down": (5, _SIDE - 32, "left"),
}


def paired_changes(regions: Sequence[str], subject: Noun, *, binned: bool) -> dict[str, Any]:
    """Return the scatter of changes in methylation and in expression.

    Parameters
    ----------
    regions : sequence of str
        Those of `REGIONS` that the points have.
    subject : Noun
        What the study calls a person.
    binned : bool
        Cells coloured by the number of pairs, instead of a point a pair.

    Returns
    -------
    dict
        Vega-Lite over the data set `pairs`, whose column `part` tells points (`x`, `y`,
        `region`, `gene`, `probe`, `r_within`, `adj_p`), cells (`x`, `x2`, `y`, `y2`, `n`) and
        names of quadrants (`corner`, `label`) apart; `contrast` and `contrast_order` for all.
    """
    return {
        "data": {"name": "pairs"},
        "facet": {
            "field": "contrast",
            "type": "nominal",
            "sort": {"field": "contrast_order", "op": "min"},
            "header": {"title": None, "labelLimit": _SIDE, "labelFontWeight": 600},
        },
        "columns": 3,
        **OWN_X_AXES,
        "spec": {
            "width": _SIDE,
            "height": _SIDE,
            "layer": [
                _cells() if binned else _points(regions, subject),
                *(_corner(c) for c in _CORNERS),
            ],
        },
    }


def _axis(field: str, title: str, padding: int) -> dict[str, Any]:
    # the lines of no change stand out among the others
    zero = {"condition": {"test": "datum.value === 0", "value": GUIDE}, "value": "#ECECEC"}
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        # room for the names of the quadrants
        "scale": {"zero": True, "nice": False, "padding": padding},
        "axis": {"gridColor": zero, "tickCount": 5},
    }


_X = _axis("x", "Change in methylation (delta beta)", 22)
_Y = _axis("y", "Change in expression (log2 CPM)", 40)


def _points(regions: Sequence[str], subject: Noun) -> dict[str, Any]:
    looks = [(r, CATEGORIES[i], _SHAPES[i]) for i, r in enumerate(REGIONS) if r in regions]
    domain = [region for region, _, _ in looks]
    colours = {"domain": domain, "range": [colour for _, colour, _ in looks]}
    legend = {"orient": "bottom", "title": "The CpG lies in the", "columns": 3}
    return {
        "transform": [{"filter": "datum.part === 'point'"}],
        "mark": {"type": "point", "filled": True, "size": 26, "opacity": 0.65},
        "encoding": {
            "x": _X,
            "y": _Y,
            "color": {"field": "region", "type": "nominal", "scale": colours, "legend": legend},
            "shape": {
                "field": "region",
                "type": "nominal",
                "scale": {"domain": domain, "range": [shape for _, _, shape in looks]},
                "legend": legend,
            },
            "tooltip": [
                {"field": "gene", "title": "Gene"},
                {"field": "probe", "title": "CpG"},
                {"field": "region", "title": "Region"},
                {"field": "x", "title": "Delta beta", "format": ".3f"},
                {"field": "y", "title": "Change in expression (log2 CPM)", "format": ".3f"},
                {"field": "r_within", "title": f"r within {subject.many}", "format": ".2f"},
                {"field": "adj_p", "title": "Adjusted P of r", "format": ".2g"},
            ],
        },
    }


def _cells() -> dict[str, Any]:
    return {
        "transform": [{"filter": "datum.part === 'cell'"}],
        "mark": {"type": "rect", "stroke": None},
        "encoding": {
            "x": _X,
            "x2": {"field": "x2"},
            "y": _Y,
            "y2": {"field": "y2"},
            "color": count_colour("CpG-gene pairs in a cell", 200),
            "tooltip": [{"field": "n", "title": "CpG-gene pairs"}],
        },
    }


def _corner(name: str) -> dict[str, Any]:
    x, y, align = _CORNERS[name]
    return {
        "transform": [{"filter": f"datum.part === 'corner' && datum.corner === '{name}'"}],
        "mark": {
            "type": "text", "align": align, "fontSize": 10.5, "color": INK, "lineBreak": "\n",
            "stroke": None,
        },
        "encoding": {"x": {"value": x}, "y": {"value": y}, "text": {"field": "label"}},
    }  # fmt: skip
