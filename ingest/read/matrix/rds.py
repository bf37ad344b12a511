"""Matrices and data frames that R wrote with saveRDS.

An RDS file cannot be read in pieces: the whole object is held in memory (8 bytes a value, and as
much again while it is read).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.read.matrix.format import FileStart, Format
from ingest.read.matrix.r_objects import RTable, r_table
from ingest.read.matrix.records import Block, MatrixHeader
from ingest.read.text.names import strip_suffix, tidy_ids, tidy_names
from ingest.read.text.raw_file import RawFile

#: Values of one block.
BLOCK_VALUES = 1_000_000
#: XDR, text and native binary, each followed by version 2 or 3 of R's serialization.
_MAGIC = (b"X\n\0\0\0\2", b"X\n\0\0\0\3", b"A\n2\n", b"A\n3\n", b"B\n\2\0\0\0", b"B\n\3\0\0\0")


@dataclass(frozen=True, kw_only=True)
class RdsHeader(MatrixHeader):
    """An R matrix or data frame: features in rows, samples in columns.

    Parameters
    ----------
    features : pa.StringArray
        Row names, or the column that holds the ids.
    """

    features: Any

    def header_place(self, sample: int) -> tuple[int | None, int | str]:
        """Return no line and the place of a sample among those of the object."""
        return None, sample + 1

    def place(self, block: Block, row: int, sample: int) -> tuple[int | None, int | str]:
        """Return no line, and the names of column and row."""
        name = self.features[block.first_line + row - self.header_line - 1].as_py()
        return None, f"{self.raw_samples[sample]}, row {name}"

    def feature_place(self, first_line: int, row: int) -> tuple[int | None, int | str]:
        """Return no line, and where the id stands."""
        return None, f"{self.feature_column or 'row names'}, row {first_line + row - 1}"


def recognises(start: FileStart) -> bool:
    """Whether a file, once decompressed, is an R object written with saveRDS."""
    return start.content.startswith(_MAGIC)


def read_header(file: RawFile, assay: Assay) -> RdsHeader:
    """Read the names of an R matrix or data frame; they stand behind all values.

    Parameters
    ----------
    file : RawFile
        The RDS file.
    assay : Assay
        Its reading options.

    Raises
    ------
    IngestError
        The package that reads RDS is not installed, the file is damaged, or it holds something
        else than a matrix or data frame of numbers with names.
    """
    table = _read(file)
    if not table.samples or not len(table.features):
        raise IngestError(
            "the R object has no rows or no columns of numbers",
            file=file.path,
            expected="features in rows, samples in columns",
            found=f"{len(table.features):,} rows and {len(table.samples):,} columns",
        )
    samples, notes = strip_suffix(table.samples, assay.read.strip_suffix, file.path)
    packed = "" if file.compression == "none" else f"+{file.compression}"
    return RdsHeader(
        path=file.path,
        reader=RDS.name,
        format_name=RDS.name + packed,
        raw_samples=table.samples,
        samples=samples,
        feature_column=table.feature_column,
        gene_name_column=table.gene_name_column,
        features=tidy_ids(table.features, strip_version=False),
        notes=notes,
    )


def estimated_rows(header: RdsHeader) -> float:
    """Return how many rows a matrix has."""
    return max(1.0, float(len(header.features)))


def read_blocks(header: RdsHeader, assay: Assay) -> Iterator[Block]:
    """Read an R matrix or data frame and hand it out in blocks of rows.

    Parameters
    ----------
    header : RdsHeader
        From `read_header` on the same file.
    assay : Assay
        Its reading options.

    Yields
    ------
    Block
        Rows in the order of the object; `first_line` is the row below a header in line 1.

    Raises
    ------
    IngestError
        As for `read_header`.
    """
    with RawFile(header.path, hold=False) as file:
        table = _read(file)
    ids = tidy_ids(table.features, assay.read.strip_version)
    names = None
    if table.gene_names is not None:
        names = tidy_names(table.gene_names)
    elif header.ids_are_gene_names:
        names = ids
    step = max(1, BLOCK_VALUES // len(table.columns))
    for start in range(0, len(ids), step):
        rows = [column[start : start + step] for column in table.columns]
        yield Block(
            first_line=header.header_line + 1 + start,
            feature_ids=ids.slice(start, step),
            gene_names=None if names is None else names.slice(start, step),
            values=np.stack(rows, axis=1).astype(np.float64, copy=False),
        )


def _read(raw: RawFile) -> RTable:
    path = raw.path
    try:
        from rdata.parser import parse_data
    except ImportError:
        raise IngestError(
            "this is an R object (RDS), and what reads it is not installed",
            file=path,
            hint="pip install 'cohortmart[rds]'; or in R: write.csv(x, file)",
        ) from None
    data = b"".join(raw.pieces())
    try:
        parsed = parse_data(data, extension=".rds")
    except Exception as error:  # the parser has no error of its own
        raise IngestError(
            f"the RDS file cannot be read ({type(error).__name__}: {error})",
            file=path,
            expected="a matrix or data frame written with saveRDS",
            hint="it may be truncated, or hold an object of another kind; in R: "
            "saveRDS(as.matrix(x), file)",
        ) from error
    return r_table(parsed.object, path)


RDS = Format(
    name="rds",
    words="an R object saved with saveRDS",
    recognises=recognises,
    read_header=lambda start, assay: read_header(start.file, assay),
    read_blocks=read_blocks,
    estimated_rows=estimated_rows,
    first_cells=lambda _header, _quantity: (),
)
