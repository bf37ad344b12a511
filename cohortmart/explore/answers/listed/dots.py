"""Dot plot of a list: its features down, the contrasts of an analysis across."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from cohortmart.core.text import counted
from cohortmart.report.blocks import Figure
from cohortmart.report.pages.overview.features import Analysed
from cohortmart.report.theme import DIVERGING, INK

#: -log10 of adjusted P at which dots stop to grow.
_CLEAREST = 6.0
#: Pixels from a contrast to the next, and from a feature to the next.
_ACROSS, _DOWN = 19, 17
_DOT = pa.schema(
    [("feature", pa.string()), ("row", pa.int64()), ("contrast", pa.string()),
     ("place", pa.int64()), ("log_fc", pa.float64()), ("adj_p", pa.float64()),
     ("size", pa.float64()), ("found", pa.bool_()), ("address", pa.string())]
)  # fmt: skip


def dots_figure(
    of: Analysed,
    rows: Sequence[Mapping[str, Any]],
    features: Mapping[str, tuple[str, str]],
    contrasts: Mapping[str, str],
    about: str,
) -> Figure | None:
    """Return the changes of features in contrasts; None where there is none.

    Parameters
    ----------
    of : Analysed
    rows : sequence of mapping
        contrast, feature_id, log_fc, adj_p_value and found (1, 0 or -1) of each test.
    features : mapping of str to (str, str)
        What each is called, one of a kind, and where it is shown, in the order from the top.
    contrasts : mapping of str to str
        What each is called, in the order from the left.
    about : str
        Which features they are.
    """
    down = {feature: i for i, feature in enumerate(features)}
    across = {contrast: i for i, contrast in enumerate(contrasts)}
    dots = [
        {
            "feature": features[r["feature_id"]][0],
            "row": down[r["feature_id"]],
            "contrast": contrasts[r["contrast"]],
            "place": across[r["contrast"]],
            "log_fc": r["log_fc"],
            "adj_p": r["adj_p_value"],
            "size": _size(r["adj_p_value"]),
            "found": r["found"] != 0,
            "address": features[r["feature_id"]][1],
        }
        for r in rows
        if r["feature_id"] in down and r["contrast"] in across and r["log_fc"] is not None
    ]
    if not dots:
        return None
    dots.sort(key=lambda d: (d["row"], d["place"]))
    n_found = sum(d["found"] for d in dots)
    return Figure(
        "list-dots",
        f"The list in the contrasts of {of.analysis}",
        f"{about} Colour: change ({of.unit}); size: adjusted P; a ring: found. The contrast in "
        "which the list stands out most is on the left. A dot leads to its feature.",
        f"Dot plot of {counted(len(down), of.kind.shown, of.kind.many_shown)} in "
        f"{counted(len(across), 'contrast')}: {n_found:,} of {len(dots):,} dots are found.",
        _spec(of.unit, _reach([d["log_fc"] for d in dots])),
        {"dots": pa.Table.from_pylist(dots, _DOT)},
        fit="scroll",
    )


def _size(adj_p: float | None) -> float:
    if adj_p is None or np.isnan(adj_p):
        return 0.0
    return float(min(-np.log10(max(adj_p, 1e-300)), _CLEAREST)) + 0.0


def _reach(changes: Sequence[float]) -> float:
    """Return the change at which the colours end: few lie beyond."""
    sizes = np.abs([change for change in changes if np.isfinite(change)])
    return float(f"{np.quantile(sizes, 0.98):.2g}") or 1.0 if sizes.size else 1.0


def _spec(unit: str, reach: float) -> dict[str, Any]:
    names = {"type": "nominal", "title": None}
    limits = {"grid": True, "labelLimit": 190, "ticks": False, "domain": False}
    found = {"test": "datum.found", "value": INK}
    return {
        "width": {"step": _ACROSS},
        "height": {"step": _DOWN},
        "data": {"name": "dots"},
        "mark": {"type": "point", "filled": True, "shape": "circle", "opacity": 1},
        "encoding": {
            "y": {"field": "feature", **names, "sort": {"field": "row", "op": "min"},
                  "axis": limits},
            "x": {"field": "contrast", **names, "sort": {"field": "place", "op": "min"},
                  "axis": {**limits, "orient": "top", "labelAngle": -60}},
            "fill": {
                "field": "log_fc", "type": "quantitative", "title": f"Change ({unit})",
                "scale": {"domain": [-reach, 0, reach], "range": list(DIVERGING), "clamp": True},
                "legend": {"orient": "bottom", "gradientLength": 140, "tickCount": 5},
            },
            "size": {
                "field": "size", "type": "quantitative", "title": "\u2212log10 adjusted P",
                "scale": {"domain": [0, _CLEAREST], "range": [14, 190]},
                "legend": {"orient": "bottom", "values": [0, 2, 4, _CLEAREST],
                           "symbolFillColor": "#AAAAAA", "symbolStrokeColor": "#AAAAAA"},
            },
            "stroke": {"condition": found, "value": "#C8C8C8"},
            "strokeWidth": {"condition": {"test": "datum.found", "value": 1.7}, "value": 0.4},
            "tooltip": [
                {"field": "feature", "title": "Feature"},
                {"field": "contrast", "title": "Contrast"},
                {"field": "log_fc", "title": f"Change ({unit})", "format": "+.3"},
                {"field": "adj_p", "title": "Adjusted P", "format": ".2g"},
                {"field": "found", "title": "Found"},
            ],
        },
    }  # fmt: skip
