"""The real data and what R made of them, as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cohortmart.core.types import Floats


def read_table(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, null_values="NA", infer_schema_length=None)


@dataclass(frozen=True)
class RTable:
    """One table of `topTable`, or a file like it; columns by R's name."""

    columns: dict[str, Floats]
    features: list[str]

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]


def r_table(path: Path) -> RTable:
    table = read_table(path)
    numbers = {
        n: table[n].cast(pl.Float64).to_numpy().copy() for n in table.columns if n != "feature_id"
    }
    return RTable(numbers, table["feature_id"].to_list())


@dataclass(frozen=True)
class Design:
    """A design matrix written by hand."""

    matrix: Floats
    names: list[str]

    def contrast(self, **terms: float) -> Floats:
        """Weights by name; a name that the design lacks (the baseline's mean) counts 0."""
        out = np.zeros(len(self.names))
        for name, weight in terms.items():
            if name in self.names:
                out[self.names.index(name)] += weight
        return out


@dataclass(frozen=True)
class Grams:
    """Resting CD8+ samples of the women with MS and of the healthy pregnant ones."""

    counts: Floats
    features: list[str]
    effective_library: Floats
    log_cpm: Floats
    sheet: pl.DataFrame
    folder: Path
    meta: dict[str, Any]

    def expected(self, name: str) -> RTable:
        return r_table(self.folder / f"{name}.csv.gz")

    def subjects(self) -> list[str]:
        return [str(v) for v in self.sheet["subject"]]

    def design(
        self, baseline: str | None = None, covariates: Sequence[str] = (), batch: bool = False
    ) -> Design:
        """Group means (or differences from a baseline's), covariates and the second batch."""
        cell = (self.sheet["group"] + "." + self.sheet["timepoint"]).to_numpy()
        names = [str(n) for n in np.unique(cell) if n != baseline]
        columns = [(cell == n).astype(float) for n in names]
        if baseline is not None:
            names, columns = ["Intercept", *names], [np.ones(len(cell)), *columns]
        for name in covariates:
            names.append(name)
            columns.append(self.sheet[name].cast(pl.Float64).to_numpy())
        if batch:
            names.append("batch")
            columns.append((self.sheet["library_batch"] == "B").to_numpy().astype(float))
        return Design(np.column_stack(columns), names)
