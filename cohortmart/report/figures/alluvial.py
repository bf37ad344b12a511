"""Alluvial plot: bands from the direction of a first change to that of the second."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from cohortmart.report.figures.density import panel_filter
from cohortmart.report.theme import DOWN, INK, NEITHER, UP

Spec = dict[str, Any]
Flows = Mapping[tuple[str, str], int]

#: States of a change from top to bottom.
STATES = ("up", "unclear", "down")
WIDTH, HEIGHT = 300, 240
#: What a panel takes with its spacing.
CELL_WIDTH = 340
_STEPS = 16
#: In shares of the height: between two nodes, and from one label to the next.
_GAP, _LABEL = 0.05, 0.07
#: In shares of the width: where the bands begin and end; labels stand beside.
_LEFT, _RIGHT, _NODE = 0.29, 0.71, 0.035
#: Bands lower than this share of the height have no number on them.
_READABLE = 0.055
_COLOURS = {
    "up then down": UP,
    "down then up": DOWN,
    "twice the same way": "#8A6D00",
    "one change only": NEITHER,
}


def band_kind(first: str, second: str) -> str:
    """Return what a band from one state to another means, in words."""
    if "unclear" in (first, second):
        return "one change only"
    return "twice the same way" if first == second else f"{first} then {second}"


def alluvial(titles: Sequence[str], noun: str, kinds: Sequence[str]) -> Spec:
    """Return a concat with a panel for each group.

    Parameters
    ----------
    titles : sequence of str
        Of the panels.
    noun : str
        What a feature is called.
    kinds : sequence of str
        Results of `band_kind` that occur. The data sets `bands`, `nodes` and `labels` are those
        of `alluvial_geometry`.
    """
    count = {"field": "n", "title": f"{noun[0].upper()}{noun[1:]}s", "format": ","}
    return {
        "columns": 3,
        "spacing": 30,
        "concat": [
            {
                "title": {"text": title, "offset": 10},
                "width": WIDTH,
                "height": HEIGHT,
                "view": {"stroke": None},
                "layer": [
                    {**layer, "transform": [panel_filter(i), *layer.get("transform", ())]}
                    for layer in (_bands(kinds, count), _nodes(count), *_labels())
                ],
            }
            for i, title in enumerate(titles, start=1)
        ],
    }


def alluvial_geometry(
    panels: Sequence[Flows], heads: Sequence[tuple[str, str]]
) -> dict[str, pa.Table]:
    """Return where the bands, nodes and labels of all panels lie, 0 to 1 from top left.

    Parameters
    ----------
    panels : sequence of mappings
        Of each panel: number of features by state of the first and of the second change.
    heads : sequence of pairs of str
        Of each panel: what stands above the two sides.

    Returns
    -------
    dict of str to pyarrow.Table
        bands (panel, band, kind, x, low, high, n), nodes (panel, x, x2, y, y2, state, n), labels
        (panel, side, x, y, text).
    """
    bands: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for panel, (flows, head) in enumerate(zip(panels, heads, strict=True), start=1):
        total = sum(flows.values())
        if total == 0:
            continue
        sides = [_side(flows, total, i) for i in (0, 1)]
        for i, side in enumerate(sides):
            nodes += [{"panel": panel} | node for node in _node_rows(side, i)]
            labels += [{"panel": panel} | label for label in _label_rows(side, i, head[i])]
        rows, numbers = _band_rows(flows, total, sides)
        bands += [{"panel": panel} | row for row in rows]
        labels += [{"panel": panel} | number for number in numbers]
    return {
        "bands": _table(bands, "band kind", "x low high"),
        "nodes": _table(nodes, "state", "x x2 y y2"),
        "labels": _table(labels, "side text", "x y"),
    }


def _table(rows: list[dict[str, Any]], texts: str, numbers: str) -> pa.Table:
    kinds = [(name, pa.string()) for name in texts.split()]
    kinds += [(name, pa.float64()) for name in numbers.split()]
    if texts.split()[0] in ("band", "state"):
        kinds.append(("n", pa.int64()))
    return pa.Table.from_pylist(rows, schema=pa.schema([("panel", pa.int32()), *kinds]))


def _side(flows: Flows, total: int, i: int) -> dict[str, tuple[float, float, int]]:
    """Return top, bottom and number of features of each state of one side that has any."""
    counts = {s: sum(n for pair, n in flows.items() if pair[i] == s) for s in STATES}
    there = [s for s in STATES if counts[s]]
    height = 1 - _GAP * (len(STATES) - 1)
    # sides with fewer nodes keep the scale, and stand in the middle
    y = _GAP * (len(STATES) - len(there)) / 2
    placed = {}
    for state in there:
        share = height * counts[state] / total
        placed[state] = (y, y + share, counts[state])
        y += share + _GAP
    return placed


def _node_rows(side: Mapping[str, tuple[float, float, int]], i: int) -> list[dict[str, Any]]:
    x = (_LEFT - _NODE, _RIGHT)[i]
    return [
        {"x": x, "x2": x + _NODE, "y": top, "y2": bottom, "state": state, "n": n}
        for state, (top, bottom, n) in side.items()
    ]


def _label_rows(
    side: Mapping[str, tuple[float, float, int]], i: int, head: str
) -> list[dict[str, Any]]:
    """Return a label beside each node, moved apart where nodes are low, and the head."""
    x = (_LEFT - _NODE - 0.02, _RIGHT + _NODE + 0.02)[i]
    name = ("left", "right")[i]
    wanted = [(top + bottom) / 2 for top, bottom, _ in side.values()]
    rows = [
        {"side": name, "x": x, "y": y, "text": f"{state} {n:,}"}
        for y, (state, (_, _, n)) in zip(_spread(wanted), side.items(), strict=True)
    ]
    return [*rows, {"side": f"{name} head", "x": float(i), "y": -0.05, "text": head}]


def _spread(wanted: Sequence[float]) -> list[float]:
    """Return places in the same order, at least a label's height apart, inside 0 to 1."""
    places: list[float] = []
    for y in wanted:
        places.append(max(y, places[-1] + _LABEL) if places else max(y, _LABEL / 2))
    limit = 1 - _LABEL / 2
    for i in reversed(range(len(places))):
        places[i] = min(places[i], limit)
        limit = places[i] - _LABEL
    return places


def _band_rows(
    flows: Flows, total: int, sides: Sequence[Mapping[str, tuple[float, float, int]]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the edges of each band at steps of x, and the numbers on bands that hold one."""
    height = 1 - _GAP * (len(STATES) - 1)
    free = [{state: top for state, (top, _, _) in side.items()} for side in sides]
    rows: list[dict[str, Any]] = []
    numbers: list[dict[str, Any]] = []
    for first in STATES:
        for second in STATES:
            n = flows.get((first, second), 0)
            if n == 0:
                continue
            share = height * n / total
            start, end = free[0][first], free[1][second]
            free[0][first] += share
            free[1][second] += share
            kind = band_kind(first, second)
            for step in range(_STEPS + 1):
                t = step / _STEPS
                y = start + (end - start) * _smooth(t)
                x = _LEFT + (_RIGHT - _LEFT) * t
                band = {"band": f"{first} to {second}", "kind": kind, "x": x, "n": n}
                rows.append(band | {"low": y, "high": y + share})
            if share >= _READABLE:
                # near the start, where bands lie one below the other
                numbers.append(
                    {"side": "band", "x": _LEFT + 0.015, "y": start + share / 2, "text": f"{n:,}"}
                )
    return rows, numbers


def _smooth(t: float) -> float:
    """Return a course from 0 to 1 that leaves and arrives level."""
    return (1 - math.cos(math.pi * t)) / 2


def _place(x: str, y: str) -> Spec:
    return {
        "x": {"field": x, "type": "quantitative", "axis": None, "scale": {"domain": [0, 1]}},
        "y": {"field": y, "type": "quantitative", "axis": None,
              "scale": {"domain": [0, 1], "reverse": True}},
    }  # fmt: skip


def _bands(kinds: Sequence[str], count: Spec) -> Spec:
    domain = [kind for kind in _COLOURS if kind in kinds]
    return {
        "data": {"name": "bands"},
        "mark": {"type": "area", "opacity": 0.55},
        "encoding": {
            **_place("x", "low"),
            "y2": {"field": "high"},
            "detail": {"field": "band"},
            "color": {
                "field": "kind", "type": "nominal", "title": None,
                "scale": {"domain": domain, "range": [_COLOURS[kind] for kind in domain]},
                "legend": {"orient": "bottom", "columns": 2, "symbolType": "square"},
            },
            "tooltip": [
                {"field": "band", "title": "First to second"},
                count,
            ],
        },
    }  # fmt: skip


def _nodes(count: Spec) -> Spec:
    return {
        "data": {"name": "nodes"},
        "mark": {"type": "rect", "color": INK},
        "encoding": {
            **_place("x", "y"),
            "x2": {"field": "x2"},
            "y2": {"field": "y2"},
            "tooltip": [
                {"field": "state", "title": "Change"},
                count,
            ],
        },
    }


def _labels() -> list[Spec]:
    looks: tuple[tuple[str, Spec], ...] = (
        ("left", {"align": "right"}),
        ("right", {"align": "left"}),
        ("band", {"align": "left", "fontSize": 10}),
        ("left head", {"align": "left", "fontWeight": 600, "limit": WIDTH * 0.48}),
        ("right head", {"align": "right", "fontWeight": 600, "limit": WIDTH * 0.48}),
    )
    return [
        {
            "data": {"name": "labels"},
            "transform": [{"filter": f"datum.side === '{side}'"}],
            "mark": {"type": "text", "baseline": "middle", "fontSize": 11, "color": INK, **look},
            "encoding": {**_place("x", "y"), "text": {"field": "text"}},
        }
        for side, look in looks
    ]
