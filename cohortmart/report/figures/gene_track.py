"""Gene track: the course of expression, and the CpGs in genomic order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cohortmart.core.text import Nouns, capital
from cohortmart.report.theme import INK, OWN_X_AXES, group_scale, timepoint_scale

_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke")
#: Parts of the gene under the CpGs: dark or light, so that they differ without colour.
_STRIP = {"promoter": "#444444", "elsewhere in the gene": "#BDBDBD", "not known": "#F0E6D2"}
#: Pixels of a group's track, and the height of the strip at its foot.
_TRACK, _TRACK_HEIGHT, _STRIP_HEIGHT = 290, 220, 7


def expression_course(
    groups: Sequence[str],
    shown: Sequence[str],
    timepoints: Sequence[str],
    nouns: Nouns,
    *,
    facet: bool,
) -> dict[str, Any]:
    """Return the mean expression of a gene over the timepoints, with 95 % bands.

    Parameters
    ----------
    groups, timepoints : sequence of str
        Of the study, in its order.
    shown : sequence of str
        Groups that the data have.
    nouns : Nouns
    facet : bool
        Whether the samples are of several kinds (`kind`): a cell for each.

    Returns
    -------
    dict
        Vega-Lite over the data set `course`: `kind`, `study_group`, `timepoint`, `mean`, `low`,
        `high`, `n_subjects`.
    """
    colour = _only(group_scale(groups), shown)
    visit = {"field": "timepoint", "type": "ordinal", "sort": list(timepoints),
             "title": capital(nouns.timepoint.one), "axis": {"labelAngle": 0}}  # fmt: skip
    legend = {"orient": "bottom", "title": "Group", "columns": 4, "symbolOpacity": 1}
    group = {"field": "study_group", "type": "nominal", "scale": colour, "legend": legend}
    title = "Expression (log2 CPM)"
    mean = {"field": "mean", "type": "quantitative", "title": title, "scale": {"zero": False}}
    interval = {"y": {**mean, "field": "low"}, "y2": {"field": "high"}}
    shape = {**group, "scale": {"domain": list(colour["domain"]), "range": _shapes(groups, shown)}}
    point = {"y": mean, "shape": shape, "tooltip": _tooltip("Mean (log2 CPM)", nouns)}
    layers = [
        {"mark": {"type": "area", "opacity": 0.14}, "encoding": interval},
        {"mark": {"type": "rule", "opacity": 0.5}, "encoding": interval},
        {"mark": {"type": "line"}, "encoding": {"y": mean}},
        {
            "mark": {"type": "point", "filled": True, "size": 55, "opacity": 1},
            "encoding": point,
        },
    ]
    view = {"height": 220, "encoding": {"x": visit, "color": group}, "layer": layers}
    data = {"data": {"name": "course"}}
    if not facet:
        return {**data, **view}
    header = {"title": None, "labelLimit": 260}
    cells = {"facet": {"field": "kind", "type": "nominal", "header": header}, "columns": 3}
    return {**data, **cells, **OWN_X_AXES, "spec": {"width": 260, **view}}


def methylation_track(
    timepoints: Sequence[str], shown: Sequence[str], parts: Sequence[str], nouns: Nouns
) -> dict[str, Any]:
    """Return the CpGs of a gene in genomic order, each with its course over the timepoints.

    Parameters
    ----------
    timepoints : sequence of str
        Of the study, in its order.
    shown : sequence of str
        Timepoints that the data have.
    parts : sequence of str
        Parts of the gene that the data have: `promoter`, `elsewhere in the gene`, `not known`.
    nouns : Nouns

    Returns
    -------
    dict
        Vega-Lite over the data set `track`, whose column `part` tells mean betas (`timepoint`,
        `mean`, `low`, `high`, `n_subjects`) and what is known of the CpG (`strip`, `is_pair`)
        apart; `panel`, `panel_order`, `probe`, `probe_order`, `region`, `position` for both.
    """
    place = {
        "field": "probe", "type": "ordinal", "sort": {"field": "probe_order", "op": "min"},
        "title": "CpGs in genomic order", "scale": {"type": "band", "paddingInner": 0.35},
        "axis": {"labelAngle": -90, "labelLimit": 75, "labelFontSize": 9, "grid": False},
    }  # fmt: skip
    header = {"title": None, "labelLimit": _TRACK, "labelFontWeight": 600}
    return {
        "data": {"name": "track"},
        "facet": {
            "field": "panel", "type": "nominal", "header": header,
            "sort": {"field": "panel_order", "op": "min"},
        },
        "columns": 3,
        **OWN_X_AXES,
        "spec": {
            "width": _TRACK,
            "height": _TRACK_HEIGHT,
            "encoding": {"x": place},
            "layer": [*_betas(timepoints, shown, nouns), _strip(parts), _pair_mark()],
        },
    }  # fmt: skip


def _betas(timepoints: Sequence[str], shown: Sequence[str], nouns: Nouns) -> list[dict[str, Any]]:
    """Return bars of the 95 % intervals, and points joined over the timepoints of a CpG."""
    scale = _only(timepoint_scale(timepoints), shown)
    visit = {"field": "timepoint", "type": "nominal"}
    beside = {**visit, "sort": list(shown)}
    title = "Methylation (beta, 0 to 1)"
    y = {
        "field": "mean",
        "type": "quantitative",
        "title": title,
        "scale": {"zero": False, "padding": 16},
    }
    legend = {
        "orient": "bottom",
        "title": capital(nouns.timepoint.one),
        "columns": 3,
        "symbolOpacity": 1,
    }
    colour = {**visit, "scale": scale, "legend": legend}
    only = {"transform": [{"filter": "datum.part === 'beta'"}]}
    interval = {"y": {**y, "field": "low"}, "y2": {"field": "high"}}
    joined = {"y": y, "xOffset": beside, "detail": {"field": "probe"},
              "order": {"field": "visit_order"}}  # fmt: skip
    tips = [{"field": "probe", "title": "CpG"}, {"field": "region", "title": "Region"},
            {"field": "position", "title": "Position (base)", "format": ",d"}]  # fmt: skip
    tips += _tooltip("Mean beta", nouns)
    point = {"y": y, "xOffset": beside, "color": colour, "tooltip": tips}
    return [
        {**only, "mark": {"type": "line", "color": "#B5B5B5", "strokeWidth": 1},
         "encoding": joined},
        {**only, "mark": {"type": "rule", "opacity": 0.7},
         "encoding": {**interval, "xOffset": beside, "color": colour}},
        {**only, "mark": {"type": "point", "filled": True, "size": 22, "opacity": 1},
         "encoding": point},
    ]  # fmt: skip


def _strip(parts: Sequence[str]) -> dict[str, Any]:
    """Return the strip at the foot that says what part of the gene a CpG lies in."""
    colour = {
        "field": "strip",
        "type": "nominal",
        "scale": _only({"domain": list(_STRIP), "range": list(_STRIP.values())}, parts),
        "legend": {"orient": "bottom", "title": "Part of the gene", "columns": 1},
    }
    return {
        "transform": [{"filter": "datum.part === 'probe'"}],
        "mark": {"type": "rect"},
        "encoding": {
            "y": {"value": _TRACK_HEIGHT - _STRIP_HEIGHT},
            "y2": {"value": _TRACK_HEIGHT},
            "fill": colour,
            "tooltip": [{"field": "probe", "title": "CpG"}, {"field": "region", "title": "Region"}],
        },
    }


def _pair_mark() -> dict[str, Any]:
    """Return the mark above the CpGs that change together with the gene."""
    return {
        "transform": [{"filter": "datum.part === 'probe' && datum.is_pair"}],
        "mark": {"type": "point", "shape": "triangle-down", "filled": True, "size": 45,
                 "color": INK, "opacity": 1},
        "encoding": {"y": {"value": 6}},
    }  # fmt: skip


def _tooltip(mean: str, nouns: Nouns) -> list[dict[str, Any]]:
    return [
        {"field": "study_group", "title": "Group"},
        {"field": "timepoint", "title": capital(nouns.timepoint.one)},
        {"field": "mean", "title": mean, "format": ".3f"},
        {"field": "low", "title": "95 % from", "format": ".3f"},
        {"field": "high", "title": "95 % to", "format": ".3f"},
        {"field": "n_subjects", "title": nouns.subject.title},
    ]


def _only(scale: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return a scale without the names that are not shown, the others as they are."""
    kept = [(d, r) for d, r in zip(scale["domain"], scale["range"], strict=True) if d in names]
    return {**scale, "domain": [d for d, _ in kept], "range": [r for _, r in kept]}


def _shapes(groups: Sequence[str], shown: Sequence[str]) -> list[str]:
    return [_SHAPES[i % len(_SHAPES)] for i, group in enumerate(groups) if group in shown]
