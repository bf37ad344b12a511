"""UpSet plot: bars of the exact intersections of lists over a matrix of dots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from cohortmart.report.theme import CATEGORIES, INK

#: Height of the bars, and of a line of the matrix, in pixels.
_BARS, _LINE = 190, 31
#: Width of the names of the lists in that of all columns, and the columns there is room for
#: at least.
_NAMES, _ROOM = 0.55, 6
_MEMBER, _OTHER = INK, "#DCDCDC"


@dataclass(frozen=True)
class Overlap:
    """What an UpSet plot shows.

    Parameters
    ----------
    lists : sequence of str
        Names, the first on top.
    notes : sequence of str
        What else tells each list, empty for nothing.
    sizes : sequence of int
        Of the lists.
    members : sequence of sequence of int
        For each intersection the lists (from 0) that its features are in; they are in no other.
    counts : sequence of int
        Features of each intersection, in the order in which they are drawn.
    """

    lists: Sequence[str]
    notes: Sequence[str]
    sizes: Sequence[int]
    members: Sequence[Sequence[int]]
    counts: Sequence[int]

    @property
    def _unit(self) -> float:
        """Count that a line of the matrix is as high as."""
        return max(self.counts, default=1) * 1.12 * _LINE / _BARS

    @property
    def _names(self) -> float:
        """Columns that the names take."""
        return _NAMES * max(len(self.counts), _ROOM)

    def _y(self, i: int) -> float:
        return -self._unit * (i + 0.9)

    def data(self) -> dict[str, pa.Table]:
        """Return the data sets `bars`, `dots`, `joints` and `lists`."""
        k = len(self.lists)
        columns = range(len(self.counts))
        dots = [
            (float(j), self._y(i), i in self.members[j], self.full_name(i))
            for j in columns
            for i in range(k)
        ]
        largest = max(self.sizes, default=1) or 1
        return {
            "bars": pa.table(
                {
                    "x": pa.array([float(j) for j in columns], pa.float64()),
                    "n": pa.array(self.counts, pa.int64()),
                    "zero": pa.array([0] * len(self.counts), pa.int64()),
                    "lists": pa.array([self._words(m) for m in self.members], pa.string()),
                }
            ),
            "dots": pa.table(
                {
                    "x": pa.array([d[0] for d in dots], pa.float64()),
                    "y": pa.array([d[1] for d in dots], pa.float64()),
                    "member": pa.array([d[2] for d in dots], pa.bool_()),
                    "list": pa.array([d[3] for d in dots], pa.string()),
                }
            ),
            "joints": pa.table(
                {
                    "x": pa.array([float(j) for j in columns], pa.float64()),
                    "y": pa.array([self._y(min(m)) for m in self.members], pa.float64()),
                    "y2": pa.array([self._y(max(m)) for m in self.members], pa.float64()),
                }
            ),
            "lists": pa.table(
                {
                    "x": pa.array([-0.7] * k, pa.float64()),
                    "x2": pa.array(
                        [-0.7 - (self._names - 0.7) * size / largest for size in self.sizes],
                        pa.float64(),
                    ),
                    "y": pa.array([self._y(i) for i in range(k)], pa.float64()),
                    "label": pa.array(
                        [
                            # what tells lists apart stands where it is not cut
                            f"{name}\n{note + ': ' if note else ''}{size:,}"
                            for name, note, size in zip(
                                self.lists, self.notes, self.sizes, strict=True
                            )
                        ],
                        pa.string(),
                    ),
                    "list": pa.array([self.full_name(i) for i in range(k)], pa.string()),
                    "n": pa.array(self.sizes, pa.int64()),
                }
            ),
        }

    def _words(self, members: Sequence[int]) -> str:
        return "; ".join(self.full_name(i) for i in members)

    def full_name(self, i: int) -> str:
        """Return the name of a list with what else tells it."""
        return " ".join(part for part in (self.lists[i], self.notes[i]) if part)

    def spec(self, what: str) -> dict[str, Any]:
        """Return the Vega-Lite of the plot; `what` is counted: "Genes".

        One view with the matrix below zero, so that it follows the width of the window.
        """
        top = max(self.counts, default=1) * 1.12
        y_domain = [-self._unit * (len(self.lists) + 0.4), top]
        x = {
            "type": "quantitative", "axis": None,
            "scale": {"domain": [-self._names, max(len(self.counts), _ROOM) - 0.4], "nice": False},
        }  # fmt: skip
        y = {
            "type": "quantitative",
            "scale": {"domain": y_domain, "nice": False},
            "axis": {
                "title": f"{what} in exactly these lists", "values": _ticks(top), "format": ",d",
                "domain": False, "titleAnchor": "end",
            },
        }  # fmt: skip
        return {
            "height": round(_BARS + _LINE * (len(self.lists) + 0.4)),
            "view": {"stroke": None},
            "layer": [*_bars(x, y), *_matrix(x, y)],
        }


def _bars(x: dict[str, Any], y: dict[str, Any]) -> list[dict[str, Any]]:
    at = {"x": {**x, "field": "x"}, "y": {**y, "field": "n"}}
    tooltip = [{"field": "lists", "title": "In exactly"}, {"field": "n", "title": "Features"}]
    data = {"data": {"name": "bars"}}
    return [
        {**data, "mark": {"type": "bar", "width": 14, "color": CATEGORIES[0]},
         "encoding": {**at, "y2": {"field": "zero"}, "tooltip": tooltip}},
        {**data, "mark": {"type": "text", "dy": -7, "fontSize": 9.5, "color": INK},
         "encoding": {**at, "text": {"field": "n", "type": "quantitative", "format": ",d"}}},
    ]  # fmt: skip


def _matrix(x: dict[str, Any], y: dict[str, Any]) -> list[dict[str, Any]]:
    at = {"x": {**x, "field": "x"}, "y": {**y, "field": "y"}}
    names = {"data": {"name": "lists"}}
    colour = {"condition": {"test": "datum.member", "value": _MEMBER}, "value": _OTHER}
    tooltip = [{"field": "list", "title": "List"}, {"field": "n", "title": "Features"}]
    return [
        {**names, "mark": {"type": "bar", "height": 27, "color": "#D6E8F5"},
         "encoding": {**at, "x2": {"field": "x2"}, "tooltip": tooltip}},
        {**names,
         "mark": {"type": "text", "align": "right", "baseline": "middle", "dx": -4, "dy": -6,
                  "fontSize": 10, "lineBreak": "\n", "lineHeight": 13,
                  "color": INK, "limit": {"expr": "width * 0.36"}},
         "encoding": {**at, "text": {"field": "label"}, "tooltip": tooltip}},
        {"data": {"name": "joints"}, "mark": {"type": "rule", "color": _MEMBER, "strokeWidth": 2},
         "encoding": {**at, "y2": {"field": "y2"}}},
        {"data": {"name": "dots"}, "mark": {"type": "circle", "size": 75, "opacity": 1},
         "encoding": {**at, "color": colour}},
    ]  # fmt: skip


def _ticks(top: float) -> list[int]:
    """Return a few round counts from 0 up."""
    step = 10 ** math.floor(math.log10(max(top / 3, 1)))
    step *= next((m for m in (1, 2, 5) if step * m * 4 >= top), 10)
    return list(range(0, math.floor(top) + 1, max(step, 1)))
