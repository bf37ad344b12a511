"""Tracks of regions: CpGs by their place on the chromosome, each with its change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cohortmart.report.theme import CATEGORIES, GUIDE

_WIDTH, _HEIGHT = 280, 220
#: The strips at the foot: genes above islands.
_STRIPS = {"gene": (_HEIGHT - 15, _HEIGHT - 9), "island": (_HEIGHT - 6, _HEIGHT)}
#: What the strips show: dark or light, so that they differ without colour.
PARTS = {"promoter": "#444444", "elsewhere in the gene": "#BDBDBD", "CpG island": "#6DAA24"}
#: The change that a region is of, and the one that follows it.
CHANGES = {"the contrast": (CATEGORIES[0], "circle"), "what follows": (CATEGORIES[1], "square")}


def region_tracks(changes: Sequence[str], parts: Sequence[str], unit: str) -> dict[str, Any]:
    """Return the tracks of regions, a panel each.

    Parameters
    ----------
    changes : sequence of str
        Those of `CHANGES` that the data have.
    parts : sequence of str
        Those of `PARTS` that the data have.
    unit : str
        Of the changes.

    Returns
    -------
    dict
        Vega-Lite over the data set `tracks`, whose column `part` tells CpGs (`cpg`: `probe`,
        `x`, `change`, `contrast`, `estimate`, `low`, `high`, `where`), the region (`region`: `x`,
        `x2`) and strips (`gene`, `island`: `x`, `x2`, `strip`, `name`) apart; `panel` and
        `panel_order` for all.
    """
    strips = [_strip(kind, parts) for kind in _STRIPS] if parts else []
    return {
        "data": {"name": "tracks"},
        "facet": {
            "field": "panel",
            "type": "nominal",
            "sort": {"field": "panel_order", "op": "min"},
            "header": {"title": None, "labelLimit": _WIDTH + 40, "labelFontWeight": 600},
        },
        "columns": 3,
        "resolve": {"scale": {"x": "independent"}, "axis": {"x": "independent"}},
        "spec": {
            "width": _WIDTH,
            "height": _HEIGHT,
            "layer": [_band(), _zero(), *_points(changes, unit), *strips],
        },
    }


def _of(part: str) -> dict[str, Any]:
    return {"transform": [{"filter": f"datum.part === '{part}'"}]}


def _x() -> dict[str, Any]:
    return {
        "field": "x", "type": "quantitative", "title": "Place on the chromosome (base)",
        "scale": {"zero": False, "nice": False, "padding": 8},
        "axis": {"format": ",d", "tickCount": 3, "grid": False},
    }  # fmt: skip


def _band() -> dict[str, Any]:
    return {
        **_of("region"),
        "mark": {"type": "rect", "color": "#E9EDF2"},
        "encoding": {"x": _x(), "x2": {"field": "x2"}},
    }


def _zero() -> dict[str, Any]:
    return {
        **_of("region"),
        "mark": {"type": "rule", "color": GUIDE, "strokeWidth": 1},
        "encoding": {"y": {"datum": 0}},
    }


def _points(changes: Sequence[str], unit: str) -> list[dict[str, Any]]:
    known = [name for name in CHANGES if name in changes]
    y = {"field": "estimate", "type": "quantitative", "title": f"Change ({unit})",
         "scale": {"padding": 26}}  # fmt: skip
    legend = None if len(known) == 1 else {"orient": "bottom", "symbolSize": 70, "columns": 1}
    named = {"field": "change", "type": "nominal", "title": "Change", "legend": legend}
    colour = {**named, "scale": {"domain": known, "range": [CHANGES[c][0] for c in known]}}
    shape = {**named, "scale": {"domain": known, "range": [CHANGES[c][1] for c in known]}}
    tips = [
        {"field": "probe", "title": "CpG"},
        {"field": "x", "title": "Base", "format": ",d"},
        {"field": "where", "title": "Where"},
        {"field": "contrast", "title": "Contrast"},
        {"field": "estimate", "title": f"Change ({unit})", "format": ".3f"},
        {"field": "low", "title": "95 % from", "format": ".3f"},
        {"field": "high", "title": "to", "format": ".3f"},
    ]
    faint = {"condition": {"test": "datum.where === 'in the region'", "value": 1}, "value": 0.45}
    return [
        {
            **_of("cpg"),
            "mark": {"type": "rule", "strokeWidth": 1.5},
            "encoding": {
                "x": _x(), "y": {**y, "field": "low"}, "y2": {"field": "high"},
                "color": colour, "opacity": faint,
            },
        },
        {
            **_of("cpg"),
            "mark": {"type": "point", "filled": True, "size": 42},
            "encoding": {
                "x": _x(), "y": y, "color": colour, "shape": shape, "opacity": faint,
                "tooltip": tips,
            },
        },
    ]  # fmt: skip


def _strip(kind: str, parts: Sequence[str]) -> dict[str, Any]:
    top, foot = _STRIPS[kind]
    known = [name for name in PARTS if name in parts]
    fill = {
        "field": "strip", "type": "nominal", "title": "Beneath",
        "scale": {"domain": known, "range": [PARTS[p] for p in known]},
        "legend": {"orient": "bottom", "columns": 1},
    }  # fmt: skip
    tips = [{"field": "strip", "title": "Part"}, {"field": "name", "title": "Name"}]
    # every panel has a row, be it one without width: no panel's axis is that of nothing
    nothing = "datum.part === 'region'"
    return {
        "transform": [
            {"filter": f"datum.part === '{kind}' || {nothing}"},
            {"calculate": f"{nothing} ? datum.x : datum.x2", "as": "x2"},
        ],
        "mark": {"type": "rect"},
        "encoding": {
            "x": _x(), "x2": {"field": "x2"}, "y": {"value": top}, "y2": {"value": foot},
            "fill": fill, "tooltip": tips,
            "opacity": {"condition": {"test": nothing, "value": 0}, "value": 1},
        },
    }  # fmt: skip
