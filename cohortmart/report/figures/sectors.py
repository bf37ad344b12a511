"""Group against group: sectors that say which of two groups changes more, and which way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from cohortmart.report.figures.density import SIDE, cells, panel_filter
from cohortmart.report.theme import INK, NEITHER, group_scale

Spec = dict[str, Any]

OPPOSITE = "opposite ways"
#: The axes go this much beyond the features: there stand the numbers of the sectors.
RING = 1.34
#: Place of each sector's number, in units of the features' range: by `sector_order`.
_PLACES = {
    1: (1.16, -1.0),
    2: (-1.16, 1.0),
    3: (0.5, 1.17),
    4: (1.16, 0.5),
    5: (-0.5, -1.17),
    6: (-1.16, -0.5),
}


@dataclass(frozen=True)
class Comparison:
    """A panel: a change in a group against the same change in the reference group.

    Parameters
    ----------
    title : str
    study_group, reference_group : str
        On the vertical and on the horizontal axis.
    """

    title: str
    study_group: str
    reference_group: str


def more_in(group: str) -> str:
    """Return what features are called that change the same way, and more in this group."""
    return f"same way, more in {group}"


def sector_scatter(
    panels: Sequence[Comparison], unit: str, noun: str, groups: Sequence[str]
) -> Spec:
    """Return a concat with a panel for each change and comparison.

    Parameters
    ----------
    panels : sequence of Comparison
    unit : str
        Of the changes.
    noun : str
        What a feature is called.
    groups : sequence of str
        Of the study, in its order. Data sets, all with `panel` (from 1): `cells` (x, x2, y, y2,
        n), `points` (x, y, kind, feature, reference, group), and `lines` and `labels` of
        `sector_geometry`.
    """
    return {
        "columns": 3,
        "spacing": 24,
        "concat": [
            {
                "title": {"text": panel.title, "offset": 8},
                "width": SIDE,
                "height": SIDE,
                "layer": [
                    {**layer, "transform": [panel_filter(i)]}
                    for layer in _layers(panel, panels, unit, noun, groups)
                ],
            }
            for i, panel in enumerate(panels, start=1)
        ],
    }


def sector_geometry(
    limit: float, counts: Sequence[Mapping[int, tuple[int, float | None]]]
) -> dict[str, pa.Table]:
    """Return the lines between the sectors and the numbers in them.

    Parameters
    ----------
    limit : float
        Features lie within -limit to limit.
    counts : sequence of mappings
        Of each panel: number and share (0 to 1) of the features by `sector_order`.

    Returns
    -------
    dict of str to pyarrow.Table
        lines (panel, x, y, x2, y2), labels (panel, x, y, n, share: texts).
    """
    end = RING * limit
    lines, labels = [], []
    for panel, of_panel in enumerate(counts, start=1):
        for x, y in ((end, 0.0), (0.0, end), (end, end)):
            lines.append({"panel": panel, "x": -x, "y": -y, "x2": x, "y2": y})
        for order, (n, share) in sorted(of_panel.items()):
            x, y = _PLACES[order]
            words = "" if share is None else f"{share:.0%}".replace("%", " %")
            labels.append(
                {"panel": panel, "x": x * limit, "y": y * limit, "n": f"{n:,}", "share": words}
            )
    numbers = [(name, pa.float64()) for name in ("x", "y", "x2", "y2")]
    texts = [("n", pa.string()), ("share", pa.string())]
    return {
        "lines": pa.Table.from_pylist(lines, pa.schema([("panel", pa.int32()), *numbers])),
        "labels": pa.Table.from_pylist(
            labels, pa.schema([("panel", pa.int32()), *numbers[:2], *texts])
        ),
    }


def _layers(
    panel: Comparison, panels: Sequence[Comparison], unit: str, noun: str, groups: Sequence[str]
) -> list[Spec]:
    return [
        cells(
            f"Change in {panel.reference_group} ({unit})",
            f"Change in {panel.study_group} ({unit})",
            noun,
        ),
        {
            "data": {"name": "lines"},
            "mark": {"type": "rule", "color": INK, "strokeWidth": 0.7},
            "encoding": {**_place(), "x2": {"field": "x2"}, "y2": {"field": "y2"}},
        },
        _points(panel, panels, noun, groups),
        _label("n", -7, 600),
        _label("share", 7, 400),
    ]


def _place() -> Spec:
    return {
        "x": {"field": "x", "type": "quantitative"},
        "y": {"field": "y", "type": "quantitative"},
    }


def _points(
    panel: Comparison, panels: Sequence[Comparison], noun: str, groups: Sequence[str]
) -> Spec:
    shown = [g for g in groups if any(g in (p.study_group, p.reference_group) for p in panels)]
    colours = dict(zip(groups, group_scale(groups)["range"], strict=True))
    domain = [*(more_in(g) for g in shown), OPPOSITE]
    shapes = ("circle", "square", "triangle-up", "diamond", "triangle-down")
    legend = {"orient": "bottom", "columns": 1, "symbolSize": 70}
    return {
        "data": {"name": "points"},
        "mark": {"type": "point", "filled": True, "size": 32, "opacity": 0.85,
                 "stroke": "#FFFFFF", "strokeWidth": 0.4},
        "encoding": {
            **_place(),
            "color": {"field": "kind", "type": "nominal", "title": "Found in either group",
                      "legend": legend,
                      "scale": {"domain": domain,
                                "range": [*(colours[g] for g in shown), NEITHER]}},
            "shape": {"field": "kind", "type": "nominal", "title": "Found in either group",
                      "legend": legend,
                      "scale": {"domain": domain, "range": [
                          *(shapes[i % len(shapes)] for i in range(len(shown))), "cross"]}},
            "tooltip": [
                {"field": "feature", "title": noun[0].upper() + noun[1:]},
                {"field": "reference", "title": panel.reference_group, "format": ".3g"},
                {"field": "group", "title": panel.study_group, "format": ".3g"},
            ],
        },
    }  # fmt: skip


def _label(field: str, dy: int, weight: int) -> Spec:
    return {
        "data": {"name": "labels"},
        "mark": {"type": "text", "baseline": "middle", "fontSize": 11, "fontWeight": weight,
                 "dy": dy, "color": INK},
        "encoding": {**_place(), "text": {"field": field}},
    }  # fmt: skip
