"""Attendance grid: people by timepoint, and how many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cohortmart.core.text import Nouns, capital
from cohortmart.report.theme import INK, OWN_X_AXES, group_scale

Spec = dict[str, Any]

#: What is measured, a line each.
_HEADER = {"labelExpr": "split(datum.label, '; ')", "labelLimit": 260}


def visit_grid(
    groups: Sequence[str], timepoints: Sequence[str], people: Sequence[str], nouns: Nouns
) -> Spec:
    """Return a facet by `measured`: a square for each person and timepoint.

    Parameters
    ----------
    groups, timepoints, people : sequence of str
        In the order shown. The data set `grid` has the columns measured, subject, study_group,
        timepoint, state (all | some | left out) and, for those who point at it, there, missing
        and left_out.
    nouns : Nouns
    """
    visit = capital(nouns.timepoint.one)
    place = {
        "x": {"field": "timepoint", "type": "nominal", "sort": list(timepoints),
              "scale": {"domain": list(timepoints)},
              "axis": {"title": visit, "orient": "bottom", "labelAngle": 0}},
        "y": {"field": "subject", "type": "nominal", "sort": list(people), "title": None,
              "axis": {"labelLimit": 90, "labelFontSize": 9, "grid": True}},
    }  # fmt: skip
    return {
        "data": {"name": "grid"},
        "facet": {"field": "measured", "type": "nominal", "title": None, "header": _HEADER},
        "columns": 4,
        "spec": {
            "width": 180,
            "height": {"step": 12},
            "mark": {"type": "point", "filled": True, "size": 75},
            "encoding": {
                **place,
                "color": {"field": "study_group", "type": "nominal",
                          "title": "Group" if len(groups) > 1 else None,
                          "scale": group_scale(groups),
                          "legend": {"orient": "bottom", "symbolType": "square",
                                     "symbolOpacity": 1} if len(groups) > 1 else None},
                "shape": {"field": "state", "type": "nominal",
                          "scale": {"domain": ["all", "some", "left out"],
                                    "range": ["square", "square", "cross"]},
                          "legend": None},
                "opacity": {"field": "state", "type": "ordinal",
                            "scale": {"domain": ["all", "some", "left out"],
                                      "range": [1, 0.45, 1]},
                            "legend": None},
                "tooltip": [
                    {"field": "subject", "title": capital(nouns.subject.one)},
                    *([{"field": "study_group", "title": "Group"}] if len(groups) > 1 else []),
                    {"field": "timepoint", "title": visit},
                    {"field": "there", "title": "Measured"},
                    {"field": "missing", "title": "Not measured"},
                    {"field": "left_out", "title": "Left out"},
                ],
            },
        },
        **OWN_X_AXES,
    }  # fmt: skip


def visit_counts(groups: Sequence[str], timepoints: Sequence[str], nouns: Nouns) -> Spec:
    """Return a facet by `measured`: people by group and timepoint as numbers on a colour.

    Parameters
    ----------
    groups, timepoints : sequence of str
        In the order shown. The data set `counts` has the columns measured, study_group,
        timepoint, people and samples.
    nouns : Nouns
    """
    people = nouns.subject.title
    place = {
        "x": {"field": "timepoint", "type": "nominal", "sort": list(timepoints),
              "scale": {"domain": list(timepoints)},
              "axis": {"title": capital(nouns.timepoint.one), "labelAngle": 0}},
        "y": {"field": "study_group", "type": "nominal", "sort": list(groups), "title": None,
              "scale": {"domain": list(groups)}, "axis": {"labelLimit": 80}},
    }  # fmt: skip
    return {
        "data": {"name": "counts"},
        "facet": {"field": "measured", "type": "nominal", "title": None, "header": _HEADER},
        "columns": 4,
        "spec": {
            "width": 180,
            "height": {"step": 26},
            "layer": [
                {
                    "mark": {"type": "rect", "stroke": "#FFFFFF"},
                    "encoding": {
                        **place,
                        "color": {"field": "people", "type": "quantitative", "title": people,
                                  "scale": {"range": ["#EEF3F8", "#9DBBD6"]}, "legend": None},
                        "tooltip": [
                            {"field": "people", "title": people},
                            {"field": "samples", "title": "Samples"},
                        ],
                    },
                },
                {
                    "mark": {"type": "text", "fontSize": 12, "color": INK},
                    "encoding": {**place, "text": {"field": "people", "type": "quantitative"}},
                },
            ],
        },
        **OWN_X_AXES,
    }  # fmt: skip
