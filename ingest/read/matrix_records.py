"""What a matrix file is said to be before, and given as while, it is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ingest.read.names import is_gene_name_column
from ingest.read.text import TextFormat


@dataclass(frozen=True)
class MatrixHeader:
    """What the first lines of a matrix file say.

    Parameters
    ----------
    path : Path
        The file.
    format : TextFormat
        How it is written.
    feature_column : str
        Name of the column of feature ids; empty where the header has none.
    gene_name_column : str or None
        Name of the second column, where it holds gene names.
    raw_samples : tuple of str
        Sample names as they stand in the header.
    samples : tuple of str
        The same, without the suffix that study.yml strips.
    missing_corner : bool
        The header is one field shorter than the rows, as R writes it.
    first_sample_field : int
        Number of the first sample's field in the rows, from 1.
    notes : tuple of str
        What the user should know.
    """

    path: Path
    format: TextFormat
    feature_column: str
    gene_name_column: str | None
    raw_samples: tuple[str, ...]
    samples: tuple[str, ...]
    missing_corner: bool
    first_sample_field: int
    notes: tuple[str, ...] = ()

    @property
    def n_fields(self) -> int:
        """Fields in every row."""
        return self.first_sample_field - 1 + len(self.samples)

    @property
    def ids_are_gene_names(self) -> bool:
        """Whether the feature column itself holds gene names, by its name."""
        return self.gene_name_column is None and is_gene_name_column(self.feature_column)


@dataclass(frozen=True)
class Block:
    """Consecutive rows of a matrix.

    Parameters
    ----------
    first_line : int
        Line of the first row in its file; the others follow without a gap.
    feature_ids : pa.StringArray
        (rows,)
    gene_names : pa.StringArray or None
        (rows,), null where the file has none.
    values : np.ndarray
        (rows, samples), float64, NaN = missing.
    """

    first_line: int
    feature_ids: Any
    gene_names: Any
    values: np.ndarray
