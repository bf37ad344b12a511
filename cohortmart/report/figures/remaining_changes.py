"""Scatter of what remains against the whole, a cell for each contrast or visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cohortmart.report.theme import CATEGORIES, GUIDE, INK, OWN_X_AXES

_SIDE = 230


@dataclass(frozen=True)
class Remainder:
    """What a scatter calls the whole, what remains of it, and the readings of a point.

    Parameters
    ----------
    whole, remaining, share : str
        As axes and tooltips have them.
    legend : str
        Title of the readings.
    none, all : str
        The lines on which nothing, and all, of the whole is taken off.
    readings : mapping of str to (str, str)
        Colour and shape of each.
    """

    whole: str
    remaining: str
    share: str
    legend: str
    none: str
    all: str
    readings: Mapping[str, tuple[str, str]]


#: What is told from 0.
EXPLAINED = Remainder(
    "Total", "Remaining", "Share explained", "Told from 0", "nothing explained", "all explained",
    {
        "explained": (CATEGORIES[0], "circle"),
        "both": (CATEGORIES[4], "diamond"),
        "a change remains": (CATEGORIES[1], "triangle-up"),
        "neither is sure": (CATEGORIES[5], "cross"),
    },
)  # fmt: skip
#: What became of a difference from a reference.
RETURNED = Remainder(
    "At baseline", "What is left", "Share gone", "Difference", "nothing gone", "all gone",
    {
        "back": (CATEGORIES[0], "circle"),
        "in part": (CATEGORIES[4], "diamond"),
        "towards": (CATEGORIES[2], "triangle-down"),
        "overshoot": (CATEGORIES[3], "triangle-right"),
        "away": (CATEGORIES[1], "triangle-up"),
        "stays": (INK, "square"),
        "unclear": (CATEGORIES[5], "cross"),
    },
)  # fmt: skip


def remaining_changes(
    readings: Sequence[str], unit: str, noun: str, of: Remainder = EXPLAINED
) -> dict[str, Any]:
    """Return the scatter of what remains.

    Parameters
    ----------
    readings : sequence of str
        Those of `of` that the points have.
    unit : str
        Of both axes.
    noun : str
        What a feature is called.
    of : Remainder

    Returns
    -------
    dict
        Vega-Lite over the data set `changes`, whose column `part` tells points (feature, total,
        remaining, share_explained, reading) and lines (kind, x, y, x2, y2) apart; `contrast` and
        `contrast_order` for all.
    """
    return {
        "data": {"name": "changes"},
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
            "layer": [_lines(of), _points(readings, unit, noun, of)],
        },
    }


def _lines(of: Remainder) -> dict[str, Any]:
    return {
        "transform": [{"filter": "datum.part === 'line'"}],
        "mark": {"type": "rule", "color": INK, "strokeWidth": 1},
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
            "x2": {"field": "x2"},
            "y2": {"field": "y2"},
            "strokeDash": {
                "field": "kind", "type": "nominal", "title": "Line",
                "scale": {"domain": [of.none, of.all],
                          "range": [[6, 4], [1, 0]]},
                "legend": {"orient": "bottom", "columns": 1, "symbolType": "stroke",
                           "symbolSize": 300},
            },
        },
    }  # fmt: skip


def _axis(field: str, title: str) -> dict[str, Any]:
    zero = {"condition": {"test": "datum.value === 0", "value": GUIDE}, "value": "#ECECEC"}
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "axis": {"gridColor": zero, "tickCount": 5},
    }


def _points(readings: Sequence[str], unit: str, noun: str, of: Remainder) -> dict[str, Any]:
    known = [name for name in of.readings if name in readings]
    change = " change" if of is EXPLAINED else ""
    legend = {"orient": "bottom", "columns": 1, "symbolSize": 70}
    return {
        "transform": [{"filter": "datum.part === 'point'"}],
        "mark": {"type": "point", "filled": True, "size": 30, "opacity": 0.75},
        "encoding": {
            "x": _axis("total", f"{of.whole}{change} ({unit})"),
            "y": _axis("remaining", f"{of.remaining}{change} ({unit})"),
            "color": {"field": "reading", "type": "nominal", "title": of.legend,
                      "legend": legend,
                      "scale": {"domain": known, "range": [of.readings[r][0] for r in known]}},
            "shape": {"field": "reading", "type": "nominal", "title": of.legend,
                      "legend": legend,
                      "scale": {"domain": known, "range": [of.readings[r][1] for r in known]}},
            "tooltip": [
                {"field": "feature", "title": noun[0].upper() + noun[1:]},
                {"field": "total", "title": f"{of.whole} ({unit})", "format": ".3g"},
                {"field": "remaining", "title": f"{of.remaining} ({unit})", "format": ".3g"},
                {"field": "share_explained", "title": of.share, "format": ".0%"},
            ],
        },
    }  # fmt: skip
