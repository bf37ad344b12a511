"""Headers and blocks: what every reader of matrix files gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cohortmart.core.lake.censoring import CENSORING
from cohortmart.core.lake.signals import SIGNALS
from ingest.read.text.delimited import TextFormat
from ingest.read.text.names import is_gene_name_column
from ingest.read.text.raw_file import FirstRows

#: Matrices of a file that say how good its values are; null where the file does not.
QUALITY = ("detection_p", "bead_count")
#: All matrices that a file can give further to its values, in the order of the lake; signals,
#: which betas are made from, where study.yml asks for them; the average length of a gene's
#: transcripts, where estimated counts come with it.
LENGTH = "transcript_length"
FURTHER = (*QUALITY, *SIGNALS, LENGTH, *CENSORING)
#: Transcripts per million beside estimated counts; read where counts are made of it, never kept.
ABUNDANCE = "abundance"


@dataclass(frozen=True, kw_only=True)
class MatrixHeader:
    """What the first lines of a matrix file say, whatever its format.

    Parameters
    ----------
    path : Path
        The file.
    reader : str
        Name of its format among `ingest.read.formats.FORMATS`.
    format_name : str
        Such as `tsv+gzip` or `genomestudio+gzip`; for tables and messages.
    raw_samples : tuple of str
        Sample names as they stand in the file.
    samples : tuple of str
        The same, without the suffix that study.yml strips.
    feature_column : str
        Name of the column of feature ids; empty where the file has none.
    gene_name_column : str or None
        Name of the column that holds gene names, if there is one.
    further : tuple of str
        Which of `FURTHER` are read from the file.
    header_line : int
        Line of the sample names, from 1; 0 where a file has no header.
    notes : tuple of str
        What the user should know.
    """

    path: Path
    reader: str
    format_name: str
    raw_samples: tuple[str, ...]
    samples: tuple[str, ...]
    feature_column: str = ""
    gene_name_column: str | None = None
    further: tuple[str, ...] = ()
    header_line: int = 1
    notes: tuple[str, ...] = ()

    @property
    def ids_are_gene_names(self) -> bool:
        """Whether the feature column itself holds gene names, by its name."""
        return self.gene_name_column is None and is_gene_name_column(self.feature_column)

    def header_place(self, sample: int) -> tuple[int | None, int | str]:
        """Return line and column of a sample's name, for messages."""
        return self.header_line, self.raw_samples[sample]

    def place(self, block: Block, row: int, sample: int) -> tuple[int | None, int | str]:
        """Return line and column of a value, for messages."""
        return block.first_line + row, self.raw_samples[sample]

    def further_place(
        self, block: Block, row: int, sample: int, quantity: str
    ) -> tuple[int | None, int | str]:
        """Return line and column of a value of a further matrix, for messages."""
        del quantity
        return self.place(block, row, sample)

    def feature_place(self, first_line: int, row: int) -> tuple[int | None, int | str]:
        """Return line and column of a feature's id, for messages."""
        return first_line + row, 1


@dataclass(frozen=True, kw_only=True)
class TextMatrixHeader(MatrixHeader):
    """A matrix as delimited text: one line a feature, one or more fields a sample.

    Parameters
    ----------
    format : TextFormat
        How it is written.
    n_fields : int
        Fields in every row.
    id_field, name_field : int
        Fields (from 1) of the feature id and of the gene name; 0 where there is no name.
    fields : mapping of str to tuple of int
        The field of each sample for each quantity: `value`, or `methylated` and `unmethylated`
        signals; `detection_p`; `bead_count`, or `bead_count_a` and `bead_count_b`.
    missing_corner : bool
        The header is one field shorter than the rows, as R writes it.
    end_line : bytes
        A line that ends the table; empty where the file's end does.
    first_rows : FirstRows
        The first lines below the header.
    """

    format: TextFormat
    n_fields: int
    id_field: int
    name_field: int = 0
    fields: Mapping[str, tuple[int, ...]]
    missing_corner: bool = False
    end_line: bytes = b""
    first_rows: FirstRows

    @property
    def field_names(self) -> dict[int, str]:
        """Name of each sample's fields for messages: the sample, and what is measured."""
        several = len(self.fields) > 1
        return {
            field: f"{self.raw_samples[i]}{f' {quantity}' if several else ''} (field {field})"
            for quantity, of_samples in self.fields.items()
            for i, field in enumerate(of_samples)
        }

    def header_place(self, sample: int) -> tuple[int | None, int | str]:
        """Return line and field of a sample's name."""
        first = next(iter(self.fields.values()))
        return self.header_line or None, first[sample] - self.missing_corner

    def place(self, block: Block, row: int, sample: int) -> tuple[int | None, int | str]:
        """Return line and field of a sample's value."""
        first = next(iter(self.fields.values()))
        return block.first_line + row, self.field_names[first[sample]]

    def further_place(
        self, block: Block, row: int, sample: int, quantity: str
    ) -> tuple[int | None, int | str]:
        """Return line and field of a value of a further matrix."""
        fields = next(f for name, f in self.fields.items() if name.startswith(quantity))
        return block.first_line + row, self.field_names[fields[sample]]

    def feature_place(self, first_line: int, row: int) -> tuple[int | None, int | str]:
        """Return line and field of a feature's id."""
        return first_line + row, self.id_field


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
    further : mapping of str to np.ndarray
        By name (one of `FURTHER`), (rows, samples), float64, NaN = not said; the number of beads
        is the smaller one of A and B.
    notes : tuple of str
        What the user should know, seen where this block was read.
    """

    first_line: int
    feature_ids: Any
    gene_names: Any
    values: np.ndarray
    further: Mapping[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def of_samples(self, keep: np.ndarray) -> Block:
        """Return the block with only some of its columns, by their positions from 0."""
        chosen = {name: np.ascontiguousarray(v[:, keep]) for name, v in self.further.items()}
        return Block(
            self.first_line,
            self.feature_ids,
            self.gene_names,
            np.ascontiguousarray(self.values[:, keep]),
            chosen,
            self.notes,
        )
