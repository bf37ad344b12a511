"""Design matrix and contrast weights as heat maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cohortmart.core.text import Nouns
from cohortmart.report.theme import DIVERGING, INK

Spec = dict[str, Any]

#: Past this many columns the numbers in the cells would overlap.
_NUMBERED = 24


def design_cells(n_coefficients: int, nouns: Nouns, *, has_groups: bool = True) -> Spec:
    """Return the design matrix: samples down, coefficients across, scaled values as colour.

    Parameters
    ----------
    n_coefficients : int
        Sets the width of a column. The data set `cells` has the columns row, sample, coefficient,
        coefficient_order, value and shade (0 to 1 within its column).
    nouns : Nouns
    has_groups : bool
        Whether the study has more than one group.
    """
    order = (
        f"Samples by {'group, ' if has_groups else ''}{nouns.subject.one} and {nouns.timepoint.one}"
    )
    return {
        "data": {"name": "cells"},
        "width": {"step": 22 if n_coefficients <= _NUMBERED else 12},
        "height": {"step": 6},
        "mark": {"type": "rect"},
        "encoding": {
            "x": {"field": "coefficient", "type": "nominal", "title": None,
                  "sort": {"field": "coefficient_order"},
                  "axis": {"orient": "top", "labelAngle": -60, "labelLimit": 130}},
            "y": {"field": "row", "type": "ordinal", "title": order,
                  "axis": {"labels": False, "ticks": False}},
            "color": {"field": "shade", "type": "quantitative", "legend": None,
                      "scale": {"domain": [0, 1], "range": ["#F1F1F6", "#2B2B4F"]}},
            "tooltip": [
                {"field": "sample", "title": "Sample"},
                {"field": "coefficient", "title": "Coefficient"},
                {"field": "value", "title": "Value", "format": ".4g"},
            ],
        },
    }  # fmt: skip


def contrast_cells(coefficients: Sequence[str]) -> Spec:
    """Return the weights of contrasts: contrasts down, coefficients across.

    Parameters
    ----------
    coefficients : sequence of str
        In the order shown. The data set `cells` has the columns contrast, contrast_order,
        coefficient and weight.
    """
    place = {
        "x": {"field": "coefficient", "type": "nominal", "title": None, "sort": list(coefficients),
              "scale": {"domain": list(coefficients)},
              "axis": {"orient": "top", "labelAngle": -60, "labelLimit": 130}},
        "y": {"field": "contrast", "type": "nominal", "title": None,
              "sort": {"field": "contrast_order"}, "axis": {"labelLimit": 150}},
    }  # fmt: skip
    layers: list[Spec] = [
        {
            "mark": {"type": "rect", "stroke": "#FFFFFF"},
            "encoding": {
                **place,
                "color": {"field": "weight", "type": "quantitative", "legend": None,
                          "scale": {"domain": [-1, 0, 1], "range": list(DIVERGING),
                                    "clamp": True}},
                "tooltip": [
                    {"field": "contrast", "title": "Contrast"},
                    {"field": "coefficient", "title": "Coefficient"},
                    {"field": "weight", "title": "Weight", "format": ".4g"},
                ],
            },
        }
    ]  # fmt: skip
    if len(coefficients) <= _NUMBERED:
        # white on the two dark ends
        colour = {"condition": {"test": "abs(datum.weight) > 0.6", "value": "#FFFFFF"},
                  "value": INK}  # fmt: skip
        layers.append(
            {
                "mark": {"type": "text", "fontSize": 10},
                "encoding": {
                    **place,
                    "text": {"field": "weight", "type": "quantitative", "format": ".3~g"},
                    "color": colour,
                },
            }
        )
    return {"data": {"name": "cells"}, "width": {"step": 30}, "height": {"step": 18},
            "layer": layers}  # fmt: skip
