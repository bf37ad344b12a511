"""Trajectories of features over time: people as thin lines, groups as means with bands."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from cohortmart.core.text import Nouns, capital
from cohortmart.report.theme import group_scale

Spec = dict[str, Any]

#: What a panel takes with its axis and spacing.
CELL_WIDTH = 270
#: Pixels of a panel, and between the panels for their axes.
_WIDTH, _HEIGHT = 200, 190
_BETWEEN = {"column": CELL_WIDTH - _WIDTH, "row": 78}
#: Letters of a title that fit above a panel.
_TITLE_LETTERS = 32
_PERSON, _MEAN = "datum.kind === 'person'", "datum.kind === 'mean'"


def panel_title(feature: str) -> str:
    """Return what stands above a panel, in lines that are not cut."""
    return "\n".join(wrap(feature, _TITLE_LETTERS)) or feature


def trajectories(
    groups: Sequence[str],
    shown: Sequence[str],
    timepoints: Sequence[str],
    unit: str,
    nouns: Nouns,
    *,
    several_strata: bool = False,
    with_people: bool = True,
) -> Spec:
    """Return a facet by `feature`, in the order of `panel`.

    Parameters
    ----------
    groups, timepoints : sequence of str
        Of the study, in its order.
    shown : sequence of str
        Groups that occur.
    unit : str
        What the vertical axis shows, with its unit.
    nouns : Nouns
    several_strata : bool
        Dash the lines by `stratum` (cell type and further visit keys). The data set
        `courses` has the columns panel, feature (a `panel_title`), kind (person | mean), line
        (one of a line), study_group, stratum, timepoint, visit_order, value, low, high and n;
        `low` and `high` are null for people and where there is one person only.
    with_people : bool
        Whether there are lines of people; Vega warns of a layer without any.
    """
    x = {"field": "timepoint", "type": "ordinal", "sort": list(timepoints),
         "title": capital(nouns.timepoint.one), "axis": {"labelAngle": 0}}  # fmt: skip
    legend, title = None, None
    if len(groups) > 1:
        title = "Group"
        legend = {"orient": "bottom", "columns": 3, "values": list(shown), "symbolOpacity": 1,
                  "symbolSize": 90}  # fmt: skip
    colour = {
        "field": "study_group", "type": "nominal", "title": title,
        "scale": group_scale(groups),
        "legend": legend,
    }  # fmt: skip
    value = {"field": "value", "type": "quantitative", "title": unit,
             "axis": {"minExtent": 30},  # titles of all panels as far from their plots
             "scale": {"zero": False, "nice": False, "padding": 8}}  # fmt: skip
    line = {"x": x, "y": value, "color": colour, "detail": {"field": "line"},
            "order": {"field": "visit_order", "type": "quantitative"}}  # fmt: skip
    if several_strata:
        line["strokeDash"] = {"field": "stratum", "type": "nominal", "title": "Cells",
                              "legend": {"orient": "bottom"}}  # fmt: skip
    shape = {"field": "study_group", "type": "nominal", "title": title,
             "scale": {"domain": list(groups)},
             "legend": legend}  # fmt: skip
    return {
        "data": {"name": "courses"},
        "facet": {"field": "feature", "type": "nominal", "title": None,
                  "sort": {"field": "panel", "op": "min"},
                  "header": {"labelExpr": "split(datum.label, '\\n')", "labelLimit": CELL_WIDTH,
                             "labelFontWeight": 600, "labelPadding": 6, "labelLineHeight": 14}},
        "columns": 4,
        # laid out by their plots, whatever their axes need: all plots of a column in one line
        "bounds": "flush",
        "spacing": _BETWEEN,
        "resolve": {"scale": {"y": "independent"}, "axis": {"x": "independent"}},
        "spec": {
            "width": _WIDTH,
            "height": _HEIGHT,
            "layer": [
                _band(x, value, colour),
                *([{"transform": [{"filter": _PERSON}],
                    "mark": {"type": "line", "strokeWidth": 0.8, "opacity": 0.5},
                    "encoding": line}] if with_people else []),
                {"transform": [{"filter": _MEAN}],
                 "mark": {"type": "line", "strokeWidth": 2.8},
                 "encoding": line},
                {"transform": [{"filter": _MEAN}],
                 "mark": {"type": "point", "filled": True, "size": 55, "opacity": 1},
                 "encoding": {"x": x, "y": value, "color": colour, "shape": shape,
                              "tooltip": _tooltip(unit, nouns, len(groups) > 1)}},
            ],
        },
    }  # fmt: skip


def _band(x: Spec, value: Spec, colour: Spec) -> Spec:
    return {
        "transform": [{"filter": f"{_MEAN} && isValid(datum.low)"}],
        "mark": {"type": "area", "opacity": 0.18},
        "encoding": {
            "x": x,
            "y": {**value, "field": "low"},
            "y2": {"field": "high"},
            "color": colour,
            "detail": {"field": "line"},
        },
    }


def _tooltip(unit: str, nouns: Nouns, has_groups: bool) -> list[Spec]:
    return [
        {"field": "feature", "title": "Feature"},
        *([{"field": "study_group", "title": "Group"}] if has_groups else []),
        {"field": "timepoint", "title": capital(nouns.timepoint.one)},
        {"field": "value", "title": f"Mean {unit}", "format": ".3g"},
        {"field": "low", "title": "95 % from", "format": ".3g"},
        {"field": "high", "title": "to", "format": ".3g"},
        {"field": "n", "title": nouns.subject.title, "format": "d"},
    ]
