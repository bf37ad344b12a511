"""Scatter of first against second change: where most features lie, and those that rebound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from cohortmart.report.figures.density import SIDE, cells, clipped_line, panel_filter
from cohortmart.report.theme import CATEGORIES, DOWN, INK, UP

Spec = dict[str, Any]

#: Class of `rebound`, and how it is called in the picture.
CLASS_WORDS = {
    "up-down": "up then down",
    "down-up": "down then up",
    "up-up": "up twice",
    "down-down": "down twice",
}
_COLOURS = (UP, DOWN, CATEGORIES[4], CATEGORIES[1])
_SHAPES = ("triangle-up", "triangle-down", "diamond", "square")
_MEASURED, _NO_EFFECT = "measured", "by chance"


def change_scatter(
    titles: Sequence[str],
    changes: tuple[str, str],
    unit: str,
    noun: str,
    classes: Sequence[str],
) -> Spec:
    """Return a concat with a panel for each group.

    Parameters
    ----------
    titles : sequence of str
        Of the panels.
    changes : tuple of str
        What the two changes are called, for the axes.
    unit : str
        Of both changes.
    noun : str
        What a feature is called.
    classes : sequence of str
        Those of `CLASS_WORDS` that occur. Data sets, all with `panel` (from 1): `cells` (x, x2,
        y, y2, n), `points` (x, y, class, feature, first, second), `lines` (as `change_lines`)
        and `labels` (r, biological, reading: lines of text).
    """
    return {
        "columns": 3,
        "spacing": 24,
        "concat": [
            {
                "title": {"text": title, "offset": 24},
                "width": SIDE,
                "height": SIDE,
                "layer": [
                    {**layer, "transform": [panel_filter(i), *layer.get("transform", ())]}
                    for layer in _layers(changes, unit, noun, classes)
                ],
            }
            for i, title in enumerate(titles, start=1)
        ],
    }


def change_lines(limit: float, slopes: Sequence[tuple[float | None, float | None]]) -> pa.Table:
    """Return the zero lines and guide lines of each panel, cut at the edges of the picture.

    Parameters
    ----------
    limit : float
        Both axes go from -limit to limit.
    slopes : sequence of pairs of float
        Of each panel: second change over first as measured, and if nothing happened; None
        where it is not known.

    Returns
    -------
    pyarrow.Table
        panel, kind, x, y, x2, y2.
    """
    rows = []
    for panel, pair in enumerate(slopes, start=1):
        rows += [(panel, "zero", -limit, 0.0, limit, 0.0), (panel, "zero", 0.0, -limit, 0.0, limit)]
        for kind, slope in zip((_MEASURED, _NO_EFFECT), pair, strict=True):
            if slope is not None:
                rows.append((panel, kind, *clipped_line(slope, limit)))
    return pa.Table.from_pylist(
        [dict(zip(("panel", "kind", "x", "y", "x2", "y2"), row, strict=True)) for row in rows],
        schema=pa.schema(
            [("panel", pa.int32()), ("kind", pa.string())]
            + [(name, pa.float64()) for name in ("x", "y", "x2", "y2")]
        ),
    )


def _layers(changes: tuple[str, str], unit: str, noun: str, classes: Sequence[str]) -> list[Spec]:
    first, second = (f"{change} ({unit})" for change in changes)
    return [
        cells(first, second, noun),
        _zero(),
        _guides(),
        _points(first, second, noun, classes),
        _label("r", -39),
        _label("biological", -25),
        _label("reading", -11),
    ]


def _zero() -> Spec:
    return {
        "data": {"name": "lines"},
        "transform": [{"filter": "datum.kind === 'zero'"}],
        "mark": {"type": "rule", "color": INK, "strokeWidth": 0.6},
        "encoding": _ends(),
    }


def _guides() -> Spec:
    return {
        "data": {"name": "lines"},
        "transform": [{"filter": "datum.kind !== 'zero'"}],
        "mark": {"type": "rule", "color": INK, "strokeWidth": 1.8},
        "encoding": {
            **_ends(),
            "strokeDash": {
                "field": "kind", "type": "nominal", "title": "Line",
                "scale": {"domain": [_MEASURED, _NO_EFFECT], "range": [[1, 0], [6, 4]]},
                "legend": {"orient": "bottom", "columns": 1, "symbolType": "stroke",
                           "symbolSize": 300},
            },
        },
    }  # fmt: skip


def _ends() -> Spec:
    return {
        "x": {"field": "x", "type": "quantitative"},
        "y": {"field": "y", "type": "quantitative"},
        "x2": {"field": "x2"},
        "y2": {"field": "y2"},
    }


def _points(first: str, second: str, noun: str, classes: Sequence[str]) -> Spec:
    known = [name for name in CLASS_WORDS if name in classes]
    places = [list(CLASS_WORDS).index(name) for name in known]
    domain = [CLASS_WORDS[name] for name in known]
    legend = {"orient": "bottom", "columns": 1, "symbolSize": 70}
    return {
        "data": {"name": "points"},
        "mark": {"type": "point", "filled": True, "size": 38, "opacity": 0.9,
                 "stroke": "#FFFFFF", "strokeWidth": 0.5},
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
            "color": {"field": "class", "type": "nominal", "title": "Found", "legend": legend,
                      "scale": {"domain": domain, "range": [_COLOURS[i] for i in places]}},
            "shape": {"field": "class", "type": "nominal", "title": "Found", "legend": legend,
                      "scale": {"domain": domain, "range": [_SHAPES[i] for i in places]}},
            "tooltip": [
                {"field": "feature", "title": noun[0].upper() + noun[1:]},
                {"field": "first", "title": first, "format": ".3g"},
                {"field": "second", "title": second, "format": ".3g"},
            ],
        },
    }  # fmt: skip


def _label(field: str, y: int) -> Spec:
    return {
        "data": {"name": "labels"},
        "mark": {"type": "text", "align": "left", "baseline": "middle", "fontSize": 11,
                 "color": INK, "limit": SIDE + 30},
        "encoding": {"x": {"value": 0}, "y": {"value": y}, "text": {"field": field}},
    }  # fmt: skip
