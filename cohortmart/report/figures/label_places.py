"""Label placement: names beside points, as many as have room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

#: The smallest picture the names must fit into, in pixels: the page on a phone.
_WIDTH, _HEIGHT = 290.0, 300.0
_PER_LETTER, _LINE, _GAP = 6.4, 13.0, 6.0
#: A longer name is cut.
LONGEST = 18


@dataclass(frozen=True)
class Label:
    """A name beside a point: the point's place, and on which side of it the name stands."""

    x: float
    y: float
    text: str
    side: Literal["left", "right"]


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def placed_labels(
    points: Sequence[tuple[float, float, str]],
    x_domain: tuple[float, float],
    y_domain: tuple[float, float],
    most: int = 8,
    size: tuple[float, float] = (_WIDTH, _HEIGHT),
) -> list[Label]:
    """Return names for the first points that have room for one.

    Parameters
    ----------
    points : sequence of (x, y, name)
        The most important first.
    x_domain, y_domain : tuple of float
        Ends of the axes, in the points' units.
    most : int
        Names at most.
    size : tuple of float
        Width and height of the picture in pixels.

    Returns
    -------
    list of Label
        In the order of the points. No name meets another one, the edge of the picture, or one
        of the points that have a name.
    """
    width, height = size
    taken: list[_Box] = []
    found: list[Label] = []
    for x, y, name in points:
        if len(found) == most:
            break
        if not name:
            continue
        text = name if len(name) <= LONGEST else name[: LONGEST - 1] + "\u2026"
        across = width * (x - x_domain[0]) / (x_domain[1] - x_domain[0])
        down = height * (y_domain[1] - y) / (y_domain[1] - y_domain[0])
        sides: tuple[Literal["left", "right"], ...] = ("right", "left")
        for side in sides if across > width / 2 else sides[::-1]:
            box = _box(across, down, len(text), side)
            inside = box.left >= 0 and box.right <= width and box.top >= 0
            if inside and box.bottom <= height and not any(box.meets(b) for b in taken):
                found.append(Label(x, y, text, side))
                taken.append(box)
                break
    return found


def _box(x: float, y: float, letters: int, side: str) -> _Box:
    """Return the room of a name and of its point."""
    reach = _GAP + letters * _PER_LETTER
    left, right = (x - _GAP, x + reach) if side == "right" else (x - reach, x + _GAP)
    return _Box(left, y - _LINE / 2, right, y + _LINE / 2)
