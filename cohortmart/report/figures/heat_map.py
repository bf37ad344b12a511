"""Heat maps: features down, samples across, each feature centred on its own mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from cohortmart.core.text import Nouns, capital
from cohortmart.report.figures.heat_map_cells import heat_map_data
from cohortmart.report.theme import DIVERGING, group_scale, timepoint_scale

Spec = dict[str, Any]

#: Standard deviations at which the colours end.
REACH = 2.5
#: Pixels of a row.
_ROW = 15
_EXACT = {"zero": False, "nice": False}
#: Names of people with more letters than this stand upright.
_LEVEL_LETTERS = 90


def heat_map(
    values: pa.Table, groups: Sequence[str], timepoints: Sequence[str], unit: str, nouns: Nouns
) -> tuple[Spec, dict[str, pa.Table]]:
    """Return a heat map and its data sets, for a `Figure` that stretches to a width.

    Parameters
    ----------
    values : pyarrow.Table
        A row per feature and sample: feature (what it is called, one of a kind), row (its place
        from the top, from 0), sample, subject (empty: the mean of a group), study_group,
        timepoint, visit_order, value (null: not measured).
    groups, timepoints : sequence of str
        Of the study, in its order.
    unit : str
        Of the values, for those who point at a cell.
    nouns : Nouns

    Raises
    ------
    ValueError
        Two values of one feature in one sample.

    Notes
    -----
    The values are centred here: colours are standard deviations of a feature over the samples
    shown. Equal shapes have equal specifications, so that those of many contrasts are one.
    """
    visit = capital(nouns.timepoint.one)
    shown = {
        "Group": [g for g in groups if g in set(values["study_group"].to_pylist())],
        visit: [t for t in timepoints if t in set(values["timepoint"].to_pylist())],
    }
    strips = [title for title, levels in shown.items() if len(levels) > 1]
    data = heat_map_data(values, groups, strips=strips)
    height = max(data["rows"]["y2"].to_pylist(), default=1.0)
    upright = sum(len(name) + 1 for name in data["people"]["subject"].to_pylist()) > _LEVEL_LETTERS
    who = capital(nouns.subject.one) if any(values["subject"].to_pylist()) else "Group"
    places = _places(who, upright=upright)
    cells = _cells(places, unit, who, nouns, has_groups=len(groups) > 1)
    layers = [_unseen("people"), _unseen("rows"), cells]
    scales = {
        "Group": ("study_group", group_scale(groups)),
        visit: ("timepoint", timepoint_scale(timepoints)),
    }
    layers += [
        _strip(i, title, places, *scales[title], shown[title]) for i, title in enumerate(strips)
    ]
    spec: Spec = {
        "height": round(height * _ROW),
        "layer": layers,
        "resolve": {"scale": {"color": "independent"}},
    }
    return spec, data


def _axis(data: str, name: str) -> Spec:
    """Return an axis whose names and places are in a data set, not in the specification."""
    places = f"pluck(data('{data}'), 'mid')"
    return {
        "values": {"expr": places},
        "labelExpr": f"data('{data}')[indexof({places}, datum.value)].{name}",
        "grid": False, "ticks": False, "domain": False, "labelPadding": 4,
    }  # fmt: skip


def _places(who: str, *, upright: bool) -> Spec:
    """Return the channels of a cell: its edges, and axes that name people and features."""
    across = _axis("people", "subject") | {
        "title": who,
        "labelOverlap": "greedy",
        "labelSeparation": 5,
    }
    if upright:
        across |= {"labelAngle": -90, "labelFontSize": 9, "labelLimit": 90}
    down = _axis("rows", "feature") | {"title": None, "labelLimit": 190, "labelOverlap": False}
    return {
        "x": {"field": "x", "type": "quantitative", "axis": across, "scale": _EXACT},
        "x2": {"field": "x2"},
        "y": {"field": "y", "type": "quantitative", "axis": down,
              "scale": {**_EXACT, "reverse": True}},
        "y2": {"field": "y2"},
    }  # fmt: skip


def _unseen(data: str) -> Spec:
    """Draw nothing, but let the axes find a data set."""
    mark = {"type": "rule", "opacity": 0, "tooltip": None}
    return {"data": {"name": data}, "mark": mark, "encoding": {}}


def _cells(places: Spec, unit: str, who: str, nouns: Nouns, *, has_groups: bool) -> Spec:
    columns = ["x", "x2", "sample", "subject", "study_group", "timepoint"]
    found = [
        {"field": "feature", "title": "Feature"},
        {"field": "subject", "title": who},
        *([{"field": "study_group", "title": "Group"}] if has_groups else []),
        {"field": "timepoint", "title": capital(nouns.timepoint.one)},
        {"field": "measured", "title": f"Value ({unit})", "format": ".3~g"},
        {"field": "value", "title": "SD from the mean", "format": "+.2f"},
    ]
    return {
        "data": {"name": "cells"},
        "transform": [
            {"filter": "isValid(datum.value)"},
            {"lookup": "column",
             "from": {"data": {"name": "columns"}, "key": "column", "fields": columns}},
            {"lookup": "row", "from": {"data": {"name": "rows"}, "key": "row",
                                       "fields": ["y", "y2", "feature", "mean", "sd"]}},
            {"calculate": "datum.mean + datum.sd * datum.value", "as": "measured"},
        ],
        "mark": {"type": "rect"},
        "encoding": {
            **places,
            "color": {
                "field": "value", "type": "quantitative",
                "title": "SD from the row's mean",
                "scale": {"domain": [-REACH, 0, REACH], "range": list(DIVERGING), "clamp": True},
                "legend": {"orient": "bottom", "gradientLength": 150, "tickCount": 5},
            },
            "tooltip": found,
        },
    }  # fmt: skip


def _strip(
    place: int, title: str, places: Spec, field: str, scale: Spec, shown: Sequence[str]
) -> Spec:
    """Return a stripe above the features that tells the groups or the timepoints."""
    return {
        "data": {"name": "columns"},
        "transform": [
            {"calculate": f"{place}", "as": "y"}, {"calculate": f"{place + 0.8}", "as": "y2"},
        ],
        "mark": {"type": "rect"},
        "encoding": {
            **places,
            "color": {
                "field": field, "type": "nominal", "title": title, "scale": scale,
                "legend": {"orient": "bottom", "columns": 3, "symbolType": "square",
                           "values": list(shown)},
            },
            "tooltip": [{"field": field, "title": title}],
        },
    }  # fmt: skip
