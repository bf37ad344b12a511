"""What limma_contrasts.R computed, and the matrices that it computed it from."""

from __future__ import annotations

import csv
from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis, design_basis
from analyses.stats.mixed.blocks import Blocks, make_blocks
from cohortmart.core.types import Floats, Ints
from tests.support.paths import DATA

CASES = ("complete", "weights", "missing", "both")
RHO = 0.37
#: R writes 15 digits and its sine differs from numpy's in the last one
DIGITS = 1e-10


@dataclass(frozen=True)
class LimmaCase:
    """One matrix and R's numbers for some of its rows."""

    y: Floats
    weights: Floats | None
    basis: DesignBasis
    contrasts: Floats
    blocks: Blocks
    rows: list[dict[str, str]]

    def of_r(self, column: str, lfc: float) -> tuple[Ints, Floats]:
        """Return the rows that R wrote and one column of it as (n_rows, n_contrasts)."""
        chosen = [r for r in self.rows if float(r["lfc"]) == lfc]
        n = self.contrasts.shape[1]
        features = np.array([int(r["feature"]) - 1 for r in chosen[::n]])
        return features, np.array([float(r[column]) for r in chosen]).reshape(-1, n)


def limma_case(name: str) -> LimmaCase:
    """Make the matrices of limma_contrasts.R and read what R said of one case."""
    g, s = np.arange(1, 61)[:, None], np.arange(1, 17)[None, :]

    def wave(a: float, b: float) -> Floats:
        return np.asarray(np.sin(a * g + b * s + g * s))

    cell = np.array([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 4, 5])
    means = [(cell == k).astype(float) for k in range(1, 7)]
    design = np.column_stack([*means, np.cos(np.arange(1, 17))])
    contrasts = np.zeros((7, 4))
    contrasts[[0, 2], 0] = -1, 1
    contrasts[[1, 4], 1] = -1, 1
    contrasts[[0, 2, 3, 5], 2] = 1, -1, -1, 1
    contrasts[6, 3] = 1
    y = 5 + (1 + g % 5 / 2) * wave(1.7, 0.9) + (g % 7 == 0) * (cell > 3) * 4000
    if name in ("missing", "both"):
        y = np.where((g * 5 + s * 3 + g * s) % 23 == 0, np.nan, y)
    weights = np.exp(0.8 * wave(0.3, 2.1)) if name in ("weights", "both") else None
    blocks = make_blocks([str(i) for i in np.repeat(np.arange(6), [3, 3, 3, 3, 2, 2])])
    with (DATA / "limma_contrasts.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["case"] == name]
    return LimmaCase(y, weights, design_basis(design), contrasts, blocks, rows)
