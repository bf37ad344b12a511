"""Ticks of an axis at round numbers."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10


@dataclass(frozen=True)
class Tick:
    """A round number on an axis, and how it is written."""

    value: float
    text: str


def ticks(low: float, high: float, most: int) -> list[Tick]:
    """Return round numbers within an axis, 1, 2 or 5 times a power of ten apart.

    Parameters
    ----------
    low, high : float
        Ends of the axis, the first one smaller.
    most : int
        Ticks at most, two or more.
    """
    exponent = floor(log10((high - low) / most))
    for step, power in ((1, exponent), (2, exponent), (5, exponent), (1, exponent + 1)):
        apart = step * 10.0**power
        first, last = ceil(low / apart - 1e-9), floor(high / apart + 1e-9)
        if last - first + 1 <= most:
            break
    return [Tick(i * apart, _written(i * apart, max(0, -power))) for i in range(first, last + 1)]


def _written(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}" if decimals < 7 else f"{value:.3g}"
    return text.replace("-", "\u2212") if float(text.replace(",", "")) else text.lstrip("-")
