"""Bar chart of samples: one number for each, as bars from zero or as points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from cohortmart.core.text import Noun, capital
from cohortmart.report.theme import GUIDE, INK, group_scale, timepoint_scale

Spec = dict[str, Any]
_HEIGHT = 240


def sample_values(
    groups: Sequence[str],
    timepoints: Sequence[str],
    title: str,
    tooltip: Sequence[Spec],
    timepoint: Noun,
    *,
    mark: Literal["bar", "point"] = "bar",
    number_format: str = "~s",
    some_left_out: bool = False,
) -> Spec:
    """Return a picture of samples in a row, in the colours of their groups.

    Parameters
    ----------
    groups, timepoints : sequence of str
        In the order of the study.
    title : str
        Of the axis of values, with the unit.
    tooltip : sequence of dict
        Fields of the data set `samples` with their titles.
    timepoint : Noun
        What the study calls a timepoint.
    mark : {"bar", "point"}
        Bars begin at zero, the axis of points where they begin.
    number_format : str
        Of the axis, in the notation of d3.
    some_left_out : bool
        Mark the samples that are.

    Notes
    -----
    The data set `samples` has the columns place (from 1, with gaps between groups), value,
    study_group, timepoint, left_out and those of the tooltip; the data set `lines` has value
    and words.
    """
    y: Spec = {
        "field": "value", "type": "quantitative", "title": title,
        "scale": {"zero": mark == "bar", "nice": True},
        "axis": {"format": number_format, "tickCount": 6},
    }  # fmt: skip
    if number_format.endswith("%"):  # a space before it, as everywhere else
        y["axis"]["labelExpr"] = "replace(datum.label, '%', '\u00a0%')"
    return {
        "height": _HEIGHT,
        "layer": [
            _time_strip(timepoints, tooltip, timepoint, len(groups) > 1),
            _values(groups, y, tooltip, mark, timepoint),
            *_lines(y),
            *([_left_out(y, tooltip, timepoint, len(groups) > 1)] if some_left_out else []),
        ],
        "resolve": {"scale": {"color": "independent"}},
    }


def value_tooltip(
    title: str,
    number_format: str,
    timepoint: Noun,
    has_groups: bool,
    *others: tuple[str, str, str],
) -> list[Spec]:
    """Return the tooltip of a sample: who and when, the value, then other numbers.

    Parameters
    ----------
    title, number_format : str
        Of the value.
    timepoint : Noun
        What the study calls a timepoint.
    has_groups : bool
        Whether the study has more than one group.
    *others : tuple of field, title and format
        The format is empty for a text.
    """
    who = [
        {"field": "sample", "title": "Sample"},
        *([{"field": "study_group", "title": "Group"}] if has_groups else []),
        {"field": "visit", "title": capital(timepoint.one)},
    ]
    value = {"field": "value", "title": title, "format": number_format, "type": "quantitative"}
    return [*who, value, *(_told(*other) for other in others)]


def _told(field: str, title: str, number_format: str) -> Spec:
    if not number_format:
        return {"field": field, "title": title, "type": "nominal"}
    return {"field": field, "title": title, "type": "quantitative", "format": number_format}


def _across(timepoint: Noun, has_groups: bool, *, start: bool = True) -> Spec:
    """Return the axis of samples, from the left or to the right edge of a sample."""
    if not start:
        return {"field": "right"}
    by = "group, then by " if has_groups else ""
    return {
        "field": "left", "type": "quantitative",
        "scale": {"zero": False, "nice": False},
        "axis": {"labels": False, "ticks": False, "grid": False, "titlePadding": 20,
                 "title": f"Samples by {by}{timepoint.one} (stripe)"},
    }  # fmt: skip


_EDGES = [
    {"calculate": "datum.place - 0.45", "as": "left"},
    {"calculate": "datum.place + 0.45", "as": "right"},
]


def _values(
    groups: Sequence[str], y: Spec, tooltip: Sequence[Spec], mark: str, timepoint: Noun
) -> Spec:
    has_groups = len(groups) > 1
    colour = {
        "field": "study_group", "type": "nominal", "title": "Group" if has_groups else None,
        "scale": group_scale(groups),
        "legend": {"orient": "top", "columns": 4, "symbolType": "square"} if has_groups else None,
    }  # fmt: skip
    if mark == "point":
        return {
            "data": {"name": "samples"},
            "mark": {"type": "point", "filled": True, "size": 40, "opacity": 0.9},
            "encoding": {
                "x": {**_across(timepoint, has_groups), "field": "place"}, "y": y, "color": colour,
                "tooltip": list(tooltip),
            },
        }  # fmt: skip
    return {
        "data": {"name": "samples"},
        "transform": _EDGES,
        "mark": {"type": "rect"},
        "encoding": {
            "x": _across(timepoint, has_groups),
            "x2": _across(timepoint, has_groups, start=False),
            "y": y, "y2": {"datum": 0},
            "color": colour, "tooltip": list(tooltip),
        },
    }  # fmt: skip


def _time_strip(
    timepoints: Sequence[str], tooltip: Sequence[Spec], timepoint: Noun, has_groups: bool
) -> Spec:
    """Return the stripe under the axis that tells the timepoints."""
    return {
        "data": {"name": "samples"},
        "transform": _EDGES,
        "mark": {"type": "rect", "clip": False},
        "encoding": {
            "x": _across(timepoint, has_groups),
            "x2": _across(timepoint, has_groups, start=False),
            "y": {"value": _HEIGHT + 5}, "y2": {"value": _HEIGHT + 14},
            "color": {
                "field": "timepoint", "type": "nominal", "title": capital(timepoint.one),
                "scale": timepoint_scale(timepoints),
                "legend": {"orient": "bottom", "columns": 6, "symbolType": "square"},
            },
            "tooltip": list(tooltip),
        },
    }  # fmt: skip


def _lines(y: Spec) -> list[Spec]:
    """Return level lines with their words."""
    level = {"data": {"name": "lines"}, "encoding": {"y": y}}
    text = {"type": "text", "align": "left", "dx": 4, "dy": -6, "x": 0, "fontSize": 11}
    said = {"y": y, "text": {"field": "words", "type": "nominal"}}
    halo = {"mark": {**text, "stroke": "#FFFFFF", "strokeWidth": 4}, "encoding": said}
    words = {"mark": {**text, "color": INK}, "encoding": said}
    rule = {"mark": {"type": "rule", "color": GUIDE, "strokeDash": [5, 4], "size": 1.5}}
    return [{**level, **rule}, {**level, **halo}, {**level, **words}]


def _left_out(y: Spec, tooltip: Sequence[Spec], timepoint: Noun, has_groups: bool) -> Spec:
    return {
        "data": {"name": "samples"},
        "transform": [{"filter": "datum.left_out"}],
        "mark": {"type": "point", "shape": "cross", "filled": True, "size": 70, "color": "#000000",
                 "stroke": "#FFFFFF", "strokeWidth": 1, "angle": 45, "opacity": 1},
        "encoding": {"x": {**_across(timepoint, has_groups), "field": "place"}, "y": y,
                     "tooltip": list(tooltip)},
    }  # fmt: skip
