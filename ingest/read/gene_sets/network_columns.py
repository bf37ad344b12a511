"""Columns of a network that are read, and how."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from ingest.read.gene_sets.network_cells import gene_cells, mitab_names


@dataclass(frozen=True)
class NetworkColumns:
    """Which columns of a network are read, and how; the defaults are the first two.

    Parameters
    ----------
    first, second : int
        Columns of the genes, from 0.
    names : str
        Kind of names that are taken out of PSI-MITAB; empty for a plain table.
    has_header : bool
        The first line names the columns.
    labels : tuple of str
        What the columns are called, for messages.
    score : int or None
        Column of the scores.
    score_label : str
        What it is called.
    minimum_score : float or None
    organisms : tuple of int
        Columns of the organisms; none where it does not count.
    species : str
        The organism that is kept.
    taxon : bool
        The species stands before the names and is taken off.
    """

    first: int = 0
    second: int = 1
    names: str = ""
    has_header: bool = False
    labels: tuple[str, ...] = ()
    score: int | None = None
    score_label: str = ""
    minimum_score: float | None = None
    organisms: tuple[int, ...] = ()
    species: str = ""
    taxon: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """What other rows follow from; empty for the first two columns as they are."""
        told = asdict(self)
        usual = asdict(NetworkColumns())
        for name in ("has_header", "labels", "score_label"):
            del told[name]
        if self.minimum_score is None:
            del told["score"]
        return {name: value for name, value in told.items() if value != usual[name]}

    def genes(self, fields: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Return the names of both interactors, null where there is none."""
        if self.names:
            return mitab_names(fields, self.names)
        return gene_cells(fields, self.first), gene_cells(fields, self.second)
