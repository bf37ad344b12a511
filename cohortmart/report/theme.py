"""The theme of the report: the same colours, order and type in every picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: Okabe and Ito's colours for groups, those that stand out on white first.
GROUP_COLOURS = ("#0072B2", "#D55E00", "#5F5F5F", "#B8579B", "#8A6D00", "#007A5A", "#3B2F8F")
#: Visits from early to late: steps of viridis without its palest end.
_VISIT_COLOURS = (
    "#440154", "#443A83", "#31688E", "#21908C", "#35B779", "#6DAA24", "#9A8A00",
)  # fmt: skip
#: Higher and lower in the first term of a contrast: purple and green tell apart for all.
UP, DOWN, NEITHER = "#7B3294", "#00713A", "#767676"
#: Points and lines without a meaning of their own.
INK, GUIDE = "#333333", "#8C8C8C"
#: From few to many.
DENSITY = ("#E3E3EC", "#8E8EAE", "#2B2B4F")
#: Below, at and above zero.
DIVERGING = ("#00713A", "#F5F5F5", "#7B3294")
#: For values without order or meaning of their own: factors of the study.
CATEGORIES = (
    "#0072B2", "#D55E00", "#007A5A", "#B8579B", "#8A6D00", "#5F5F5F", "#56B4E9", "#000000",
    "#3B2F8F", "#A34A28",
)  # fmt: skip
FONT = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"

#: Vega-Lite's config of every picture.
CONFIG: dict[str, Any] = {
    "background": "#FFFFFF",
    "font": FONT,
    "view": {"stroke": "#D0D0D0"},
    "axis": {
        "labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": 500,
        "labelColor": INK, "titleColor": INK, "gridColor": "#ECECEC", "tickColor": "#B0B0B0",
        "domainColor": "#B0B0B0",
    },
    "legend": {
        "labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": 500,
        "labelColor": INK, "titleColor": INK,
    },
    "header": {"labelFontSize": 12, "labelColor": INK, "titleColor": INK},
    "title": {"fontSize": 13, "fontWeight": 600, "color": INK, "anchor": "start"},
}  # fmt: skip

#: Of facets: an axis under every panel, as on a phone they stand below each other.
OWN_X_AXES: dict[str, Any] = {"resolve": {"axis": {"x": "independent"}}}


def count_colour(title: str, gradient_px: int, title_px: int = 180) -> dict[str, Any]:
    """Return the colour channel of squares that count `n` things, from few to many.

    Parameters
    ----------
    title : str
        What is counted, its first letter small or large.
    gradient_px, title_px : int
        Length of the legend, and of its title at most.
    """
    legend = {"orient": "bottom", "gradientLength": gradient_px, "tickCount": 3, "format": "~s",
              "titleLimit": title_px}  # fmt: skip
    return {"field": "n", "type": "quantitative", "title": title[0].upper() + title[1:],
            "scale": {"type": "log", "range": list(DENSITY), "nice": False},
            "legend": legend}  # fmt: skip


def share_opacity(most: float) -> dict[str, Any]:
    """Return the opacity of a square of which a `share` is found: `most` where all of it is."""
    return {"field": "share", "type": "quantitative", "legend": None,
            "scale": {"domain": [0, 1], "range": [0, most]}}  # fmt: skip


def group_scale(groups: Sequence[str]) -> dict[str, Any]:
    """Return the scale that gives every group its colour, in the order of study.yml."""
    return _scale(groups, [GROUP_COLOURS[i % len(GROUP_COLOURS)] for i in range(len(groups))])


def timepoint_scale(timepoints: Sequence[str]) -> dict[str, Any]:
    """Return the scale that gives every visit its colour, early to late."""
    n, last = len(timepoints), len(_VISIT_COLOURS) - 1
    steps = [round(i * last / max(n - 1, 1)) for i in range(n)]
    if n > len(_VISIT_COLOURS):
        steps = [i % len(_VISIT_COLOURS) for i in range(n)]
    return _scale(timepoints, [_VISIT_COLOURS[i] for i in steps])


def category_scale(levels: Sequence[str]) -> dict[str, Any]:
    """Return the scale of a factor that is neither group nor visit."""
    return _scale(levels, [CATEGORIES[i % len(CATEGORIES)] for i in range(len(levels))])


def _scale(domain: Sequence[str], colours: Sequence[str]) -> dict[str, Any]:
    return {"type": "ordinal", "domain": list(domain), "range": list(colours)}


#: Direction of a found feature.
DIRECTION_SCALE = {"type": "ordinal", "domain": ["up", "down", "neither"],
                   "range": [UP, DOWN, NEITHER]}  # fmt: skip
