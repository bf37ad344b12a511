"""Squares that count features, as SVG: for more of them than there is room for as dots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import log

from cohortmart.report.theme import DENSITY, DOWN, INK, UP

#: Colours that the counts are shown in.
_STEPS = 9


@dataclass(frozen=True)
class Cell:
    """A square from (x, y) to (x2, y2) with `n` features of a direction, a share of all there."""

    x: float
    y: float
    x2: float
    y2: float
    n: int
    share: float
    direction: str


def cells_svg(
    cells: Sequence[Cell], x: Callable[[float], float], y: Callable[[float], float]
) -> list[str]:
    """Return the squares: of what is not found by their number, of what is found by its share.

    Parameters
    ----------
    cells : sequence of Cell
    x, y : callable
        Give the place of a value in pixels.
    """
    most = max((c.n for c in cells if c.direction == "neither"), default=1)
    groups: dict[tuple[str, str], list[str]] = {}
    for c in sorted(cells, key=lambda c: c.direction != "neither"):
        if c.direction == "neither":
            look = (_colour(_step(c.n, most)), "1")
        else:
            look = (UP if c.direction == "up" else DOWN, f"{0.45 * round(c.share, 1):.2g}")
        left, right, high, low = x(c.x), x(c.x2), y(c.y2), y(c.y)
        groups.setdefault(look, []).append(
            f"M{left:.1f} {high:.1f}H{right:.1f}V{low:.1f}H{left:.1f}z"
        )
    return [
        f'<path d="{"".join(paths)}" fill="{colour}" fill-opacity="{opacity}"/>'
        for (colour, opacity), paths in groups.items()
    ]


def legend_svg(cells: Sequence[Cell], noun: str, top: float) -> list[str]:
    """Return the colours with the numbers at both ends.

    Parameters
    ----------
    cells : sequence of Cell
    noun : str
        What is counted.
    top : float
        Pixels below the top of the plot.
    """
    most = max((c.n for c in cells if c.direction == "neither"), default=1)
    boxes = [
        f'<rect x="{12 + 9 * k}" y="{top}" width="9" height="10" fill="{_colour(k)}"/>'
        for k in range(_STEPS)
    ]
    words = f"{most:,} {noun}s, not found"
    return [
        f'<text x="0" y="{top + 9}" fill="{INK}">1</text>',
        *boxes,
        f'<text x="{18 + 9 * _STEPS}" y="{top + 9}" fill="{INK}">{escape(words)}</text>',
    ]


def _step(n: int, most: int) -> int:
    """Return the step of a number on a logarithmic scale from 1 to the largest."""
    return round((_STEPS - 1) * log(n) / log(most)) if most > 1 else 0


def _colour(step: int) -> str:
    """Return a colour between the three of the densities."""
    place = 2 * step / (_STEPS - 1)
    low = min(int(place), 1)
    ends = [[int(DENSITY[low + k][i : i + 2], 16) for i in (1, 3, 5)] for k in (0, 1)]
    mixed = (round(a + (b - a) * (place - low)) for a, b in zip(*ends, strict=True))
    return "#" + "".join(f"{v:02X}" for v in mixed)
