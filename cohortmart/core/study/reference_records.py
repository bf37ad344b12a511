"""The blocks of `reference` that say how an annotation file is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from cohortmart.core.study.values import File, Number, Pair, Record, Text, as_written


class NetworkFile(Record):
    """A network of interactions, and which of its columns and rows count."""

    file: File
    columns: Pair | None = None  # of the two genes, by name or number from 1; else found out
    score: Text | None = None  # the column of the scores, by name or number; else found out
    minimum_score: Number | None = None  # rows with a smaller score, or none, are left out
    species: Text | None = None  # NCBI number; else the one whose genes the study has


def as_network(value: Any) -> Any:
    """Read a lone path as a network with nothing further said of it."""
    value = as_written(value)
    return {"file": value} if isinstance(value, (str, Path)) else value


#: `network: FILE`, or `network: {file: FILE, minimum_score: 700}`.
Network = Annotated[NetworkFile | None, BeforeValidator(as_network)]
