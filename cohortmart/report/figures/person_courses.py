"""Courses of one person: their values over time, before those of all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cohortmart.core.text import Nouns, capital
from cohortmart.report.theme import GROUP_COLOURS, GUIDE, INK

Spec = dict[str, Any]
_OWN, _OTHER = "datum.is_own", "!datum.is_own"


def person_courses(
    timepoints: Sequence[str], strata: Sequence[str], unit: str, nouns: Nouns
) -> Spec:
    """Return a facet by `feature`: the person's course in colour, others as thin grey lines.

    Parameters
    ----------
    timepoints : sequence of str
        In the order of the study.
    strata : sequence of str
        Cell types and further visit keys of the person, a colour each; one is not told.
    unit : str
        What the vertical axis shows.
    nouns : Nouns

    Notes
    -----
    The data set `courses` has the columns feature, is_own, line (one of a line), stratum,
    timepoint, visit_order and value.
    """
    x = {"field": "timepoint", "type": "ordinal", "sort": list(timepoints),
         "scale": {"domain": list(timepoints)},
         "title": capital(nouns.timepoint.one), "axis": {"labelAngle": 0}}  # fmt: skip
    y = {"field": "value", "type": "quantitative", "title": unit,
         "scale": {"zero": False, "padding": 8}, "axis": {"minExtent": 30}}  # fmt: skip
    line = {"x": x, "y": y, "detail": {"field": "line"},
            "order": {"field": "visit_order", "type": "quantitative"}}  # fmt: skip
    colours = [GROUP_COLOURS[i % len(GROUP_COLOURS)] for i in range(len(strata))]
    colour: Spec = {"value": INK}
    if len(strata) > 1:
        colour = {"field": "stratum", "type": "nominal", "title": "Cells",
                  "scale": {"domain": list(strata), "range": colours},
                  "legend": {"orient": "bottom", "columns": 3}}  # fmt: skip
    tooltip = [
        {"field": "feature", "title": "Measure"},
        {"field": "stratum", "title": "Cells"},
        {"field": "timepoint", "title": capital(nouns.timepoint.one)},
        {"field": "value", "title": unit, "format": ".3g"},
    ]
    return {
        "data": {"name": "courses"},
        "facet": {"field": "feature", "type": "nominal", "title": None},
        "columns": 4,
        "resolve": {"scale": {"y": "independent"}, "axis": {"x": "independent"}},
        "spec": {
            "width": 200,
            "height": 170,
            "layer": [
                {"transform": [{"filter": _OTHER}],
                 "mark": {"type": "line", "strokeWidth": 0.7, "opacity": 0.35, "color": GUIDE},
                 "encoding": line},
                {"transform": [{"filter": _OWN}],
                 "mark": {"type": "line", "strokeWidth": 2.2},
                 "encoding": line | {"color": colour}},
                {"transform": [{"filter": _OWN}],
                 "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                 "encoding": {"x": x, "y": y, "color": colour, "tooltip": tooltip}},
            ],
        },
    }  # fmt: skip
