"""Contrasts in plain words, said from their weights and not from their names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analyses.design.design import Design
from analyses.design.mean_weights import mean_weights, other_weights
from cohortmart.core.study.records import Study
from cohortmart.core.text import joined
from cohortmart.core.types import Floats


def meaning_of(design: Design, weights: Floats, study: Study) -> str:
    """Return what a contrast measures.

    Parameters
    ----------
    design : Design
    weights : ndarray of shape (n_coefficients,)
    study : Study
        Order of the timepoints.

    Returns
    -------
    str
        E.g. ``change from 1st to 3rd in MS minus the same change in HP``.
    """
    means, others = mean_weights(design, weights), other_weights(design, weights)
    if means and not others:
        return _Means(design, study).meaning(means)
    if not means and list(others.values()) == [1.0]:
        (name,) = others
        return design.coefficient_meanings.get(name, f"coefficient {name}")
    if not means:
        return _difference(others) or _weighted_sum(others)
    return _weighted_sum({**means, **others})


class _Means:
    """Wording of weighted means."""

    def __init__(self, design: Design, study: Study) -> None:
        self.levels = design.mean_levels
        self.factors = design.mean_factors
        self.timepoints = study.timepoints
        self.curve = design.curve
        # knots are bare numbers: "pregnancy week 12"
        self.time = "timepoint" if design.curve is None else design.curve.of
        self.unit = "" if design.curve is None else f"{design.curve.of.replace('_', ' ')} "

    def meaning(self, weights: dict[str, float]) -> str:
        up = [n for n, w in weights.items() if w == 1.0]
        down = [n for n, w in weights.items() if w == -1.0]
        if len(up) + len(down) == len(weights):
            if len(up) == len(down) == 1:
                return self._pair(up[0], down[0])
            if len(up) == len(down) == 2:
                found = self._change_of_change(up, down)
                if found:
                    return found
        if list(weights.values()) == [1.0]:
            if self.curve is not None:
                return f"value of the curve{self._place(self.levels[up[0]], set())}"
            return f"mean of {up[0]}"
        return _difference(weights) or _weighted_sum(weights)

    def _pair(self, up: str, down: str) -> str:
        a, b = self.levels[up], self.levels[down]
        differ = [i for i in range(len(a)) if a[i] != b[i]]
        if len(differ) != 1:
            return f"{up} minus {down}"
        i = differ[0]
        if self.factors[i] == self.time:
            return f"change from {self.unit}{b[i]} to {a[i]}{self._place(a, {i})}"
        return f"{a[i]} minus {b[i]}{self._place(a, {i})}"

    def _change_of_change(self, up: Sequence[str], down: Sequence[str]) -> str | None:
        """(a1 - a2) - (b1 - b2), where two factors differ and the rest is the same."""
        cells = [self.levels[n] for n in (*up, *down)]
        differ = [i for i in range(len(cells[0])) if len({c[i] for c in cells}) > 1]
        first, second = cells[:2]
        crossed = all(first[i] != second[i] and len({c[i] for c in cells}) == 2 for i in differ)
        if len(differ) != 2 or not crossed:
            return None  # e.g. the sum of two differences
        changing = next((i for i in differ if self.factors[i] == self.time), differ[0])
        late, early = self._later_first(changing, cells)
        of_first, of_second = (
            self._place(next(c for c in side if c[changing] == late), {changing})
            for side in (cells[:2], cells[2:])
        )
        if self.factors[changing] == self.time:
            change = f"change from {self.unit}{early} to {late}"
            return f"{change}{of_first} minus the same change{of_second}"
        return f"{late} minus {early}{of_first} minus the same difference{of_second}"

    def _later_first(self, factor: int, cells: Sequence[tuple[str, ...]]) -> tuple[str, str]:
        levels = {c[factor] for c in cells}
        if self.factors[factor] == "timepoint" and self.curve is None:
            order = list(self.timepoints)
        else:
            order = list(dict.fromkeys(parts[factor] for parts in self.levels.values()))
        early, late = sorted(levels, key=order.index)
        return late, early

    def _place(self, cell: tuple[str, ...], without: set[int]) -> str:
        rest = [i for i in range(len(cell)) if i not in without]
        at = [cell[i] for i in rest if self.factors[i] == self.time]
        within = [cell[i] for i in rest if self.factors[i] != self.time]
        return (f" at {self.unit}{at[0]}" if at else "") + (
            f" in {'.'.join(within)}" if within else ""
        )


def _difference(weights: dict[str, float]) -> str | None:
    """Mean of some minus mean of others, or None if it is something else."""
    up = {n: w for n, w in weights.items() if w > 0}
    down = {n: w for n, w in weights.items() if w < 0}
    for side in (up, down):
        if not side or not np.allclose(np.abs(list(side.values())), 1 / len(side), rtol=1e-9):
            return None
    sides = [next(iter(s)) if len(s) == 1 else f"mean of {joined(list(s))}" for s in (up, down)]
    return f"{sides[0]} minus {'the ' if len(down) > 1 else ''}{sides[1]}"


def _weighted_sum(weights: dict[str, float]) -> str:
    terms: list[str] = []
    for name, weight in weights.items():
        size = "" if abs(weight) == 1 else f"{abs(weight):g} x "
        sign = ("-" if weight < 0 else "") if not terms else (" - " if weight < 0 else " + ")
        terms.append(f"{sign}{size}{name}")
    return f"weighted sum: {''.join(terms)}"
