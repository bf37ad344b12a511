"""Clouds of features as SVG files: volcano and mean-difference plots, written without Vega.

A study has hundreds of them with thousands of points each. Vega gives every point an element of
its own, which takes 100 times as long as a path that holds them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from cohortmart.report.figures.cells_file import Cell, cells_svg, legend_svg
from cohortmart.report.figures.label_places import placed_labels
from cohortmart.report.figures.ticks import Tick, ticks
from cohortmart.report.theme import DOWN, FONT, GUIDE, INK, UP

#: Room around the plot: left, right, above, below; and for the legend of cells.
_LEFT, _RIGHT, _ABOVE, _BELOW, _LEGEND = 50, 10, 8, 40, 26
_HEIGHTS = {337: 300, 714: 440}
#: Pixels across and down of the plot itself, by the width of the picture.
PLOTS = {
    width: (width - _LEFT - _RIGHT, height - _ABOVE - _BELOW) for width, height in _HEIGHTS.items()
}
#: Names beside points, ticks on an axis.
_NAMES = {337: 10, 714: 20}
_COLOURS = {"neither": "#9A9A9A", "up": UP, "down": DOWN}
_DOTS = {"neither": 4.4, "up": 6.0, "down": 6.0}

Domain = tuple[float, float]


@dataclass(frozen=True, eq=False)
class CloudFile:
    """A volcano or mean-difference plot to be written.

    Parameters
    ----------
    x_title, y_title : str
        With units.
    x_domain, y_domain : tuple of float
        Ends of the axes.
    changes : {"x", "y"}
        The axis along which features are up and down.
    corners : tuple of str
        How many are found up, and how many down.
    lines : sequence of (axis, value)
        Dashed lines at a value of x or y.
    points : sequence of (x, y, direction, name)
        The strongest features, the first of which get their names.
    paths : mapping
        By width: (direction, SVG path of the features' dots in half pixels of the plot).
    cells : sequence of Cell
        Features counted in squares, where they are too many to be dots.
    noun : str
        What a feature is called.
    """

    x_title: str
    y_title: str
    x_domain: Domain
    y_domain: Domain
    changes: Literal["x", "y"]
    corners: tuple[str, str]
    lines: Sequence[tuple[str, float]]
    points: Sequence[tuple[float, float, str, str]]
    paths: Mapping[int, Sequence[tuple[str, str]]]
    cells: Sequence[Cell]
    noun: str

    def svg(self, width: int) -> str:
        """Return the picture in one of the widths of `PLOTS`."""
        across, down = PLOTS[width]
        height = _HEIGHTS[width] + (_LEGEND if self.cells else 0)
        x = _Axis(self.x_domain, (0.0, float(across)))
        y = _Axis(self.y_domain, (float(down), 0.0))
        inside = [
            *_grid(x, y, across, down),
            *(cells_svg(self.cells, x.place, y.place) if self.cells else ()),
            *(_dots(direction, path) for direction, path in _found_last(self.paths[width])),
            *_lines(self.lines, x, y, across, down),
            *self._names(x, y, width),
            *self._corners(across, down),
        ]
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="{escape(FONT)}" font-size="11">',
            f'<rect width="{width}" height="{height}" fill="#FFFFFF"/>',
            f'<g transform="translate({_LEFT},{_ABOVE})">',
            *inside,
            *_axes(x, y, across, down),
            _text(across / 2, down + 33, self.x_title, "middle", size=12),
            f'<g transform="translate({12 - _LEFT},{down / 2:.1f}) rotate(-90)">'
            f"{_text(0, 0, self.y_title, 'middle', size=12)}</g>",
            *(legend_svg(self.cells, self.noun, down + 44) if self.cells else ()),
            "</g></svg>",
        ]
        return "\n".join(parts)

    def _names(self, x: _Axis, y: _Axis, width: int) -> list[str]:
        across, down = PLOTS[width]
        labels = placed_labels(
            [(px, py, name) for px, py, _, name in self.points],
            self.x_domain, self.y_domain, _NAMES[width], (float(across), float(down)),
        )  # fmt: skip
        colour = {(px, py): _COLOURS[direction] for px, py, direction, _ in self.points}
        found = [
            f'<circle cx="{x.place(n.x):.1f}" cy="{y.place(n.y):.1f}" r="2.4" '
            f'fill="{colour[n.x, n.y]}" stroke="#FFFFFF" stroke-width="0.6"/>'
            for n in labels
        ]
        for halo in (True, False):
            for n in labels:
                left, aside = n.side == "left", -5 if n.side == "left" else 5
                found.append(
                    _text(x.place(n.x) + aside, y.place(n.y) + 4, n.text,
                          "end" if left else "start", halo=halo)
                )  # fmt: skip
        return found

    def _corners(self, across: int, down: int) -> list[str]:
        low = (across - 5, down - 6, "end") if self.changes == "y" else (5, 14, "start")
        return [
            _text(across - 5, 14, self.corners[0], "end", colour=UP, bold=True),
            _text(*low[:2], self.corners[1], low[2], colour=DOWN, bold=True),
        ]


@dataclass(frozen=True)
class _Axis:
    domain: Domain
    ends: Domain

    def place(self, value: float) -> float:
        """Return where a value lies, in pixels of the plot."""
        (low, high), (start, end) = self.domain, self.ends
        return start + (value - low) / (high - low) * (end - start)

    def ticks(self) -> list[Tick]:
        return ticks(*self.domain, max(3, round(abs(self.ends[1] - self.ends[0]) / 55)))


def _found_last(paths: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(paths, key=lambda p: p[0] != "neither")


def _dots(direction: str, path: str) -> str:
    return (
        f'<path d="{path}" transform="scale(0.5)" fill="none" stroke="{_COLOURS[direction]}" '
        f'stroke-width="{_DOTS[direction]}" stroke-linecap="round"/>'
    )


def _grid(x: _Axis, y: _Axis, across: int, down: int) -> list[str]:
    rules = [f"M{x.place(t.value):.1f} 0v{down}" for t in x.ticks()]
    rules += [f"M0 {y.place(t.value):.1f}h{across}" for t in y.ticks()]
    return [f'<path d="{"".join(rules)}" stroke="#ECECEC" fill="none"/>']


def _lines(
    lines: Sequence[tuple[str, float]], x: _Axis, y: _Axis, across: int, down: int
) -> list[str]:
    rules = [
        f"M{x.place(v):.1f} 0v{down}" if axis == "x" else f"M0 {y.place(v):.1f}h{across}"
        for axis, v in lines
    ]
    if not rules:
        return []
    return [
        f'<path d="{"".join(rules)}" stroke="{GUIDE}" stroke-width="1.2" '
        'stroke-dasharray="5,4" fill="none"/>'
    ]


def _axes(x: _Axis, y: _Axis, across: int, down: int) -> list[str]:
    found = [f'<rect width="{across}" height="{down}" fill="none" stroke="#B0B0B0"/>']
    for t in x.ticks():
        at = x.place(t.value)
        found.append(f'<path d="M{at:.1f} {down}v4" stroke="#B0B0B0"/>')
        found.append(_text(at, down + 16, t.text, "middle"))
    for t in y.ticks():
        at = y.place(t.value)
        found.append(f'<path d="M0 {at:.1f}h-4" stroke="#B0B0B0"/>')
        found.append(_text(-7, at + 4, t.text, "end"))
    return found


def _text(
    x: float, y: float, text: str, anchor: str, *,
    size: int = 11, colour: str = INK, bold: bool = False, halo: bool = False,
) -> str:  # fmt: skip
    outline = (
        ' stroke="#FFFFFF" stroke-width="3" stroke-linejoin="round" opacity="0.85"' if halo else ""
    )
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="{colour}"{weight}{outline}>{escape(text)}</text>'
    )
