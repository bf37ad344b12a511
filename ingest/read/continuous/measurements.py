"""The format of continuous assays: a table of measurements of any shape, in any file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.errors import IngestError
from cohortmart.core.study.kinds import CONTINUOUS
from cohortmart.core.study.records import Assay
from cohortmart.core.text import listed
from ingest.read.continuous import long_table, wide_table
from ingest.read.continuous.column_words import long_columns
from ingest.read.continuous.header import MeasurementHeader
from ingest.read.continuous.olink_wide import olink_wide
from ingest.read.continuous.table import Table, open_table
from ingest.read.matrix.format import FileStart, Format
from ingest.read.matrix.records import Block
from ingest.read.text.raw_file import RawFile

#: Columns that are looked at for the names of samples.
_LOOKED_AT = 50


def recognises(start: FileStart) -> bool:
    """Whether the file is a table of a continuous assay, and no series matrix of GEO."""
    return start.kind == CONTINUOUS and not start.content.lstrip(b'\xef\xbb\xbf"').startswith(b"!")


def read_header(
    file: RawFile, assay: Assay, known_samples: Collection[str] = ()
) -> MeasurementHeader:
    """Find out which way round a table is, and read the names in it.

    Parameters
    ----------
    file : RawFile
    assay : Assay
        Of kind continuous.
    known_samples : collection of str
        Names that the sheets give to its samples.

    Raises
    ------
    IngestError
        The file is no table, or nothing in it is a sample of the sheets.
    """
    table = olink_wide(file) or open_table(file)
    known = set(known_samples)
    suffix = assay.read.strip_suffix or ""
    sample_column = _sample_column(table, known, suffix)
    across = any(name.removesuffix(suffix) in known for name in table.columns)
    columns = None if across or assay.columns else long_columns(table.columns, sample_column)
    if columns is not None:
        return long_table.read_header(table, columns, assay, known)
    if across or (not known and not assay.columns):
        return wide_table.features_in_rows(table, known, assay)
    if sample_column is None:
        _raise_no_sample(table, known)
    return wide_table.samples_in_rows(table, sample_column, assay)


def _sample_column(table: Table, known: set[str], suffix: str) -> int | None:
    """Return the column that holds the most samples of the sheets in its first rows."""
    looked_at = range(min(_LOOKED_AT, len(table.columns)))
    best, most = None, 0
    for i, column in zip(looked_at, table.head(list(looked_at)), strict=True):
        if pa.types.is_floating(column.type):
            continue
        names = pc.unique(pc.cast(column, pa.string())).to_pylist()
        n = sum(str(name).strip().removesuffix(suffix) in known for name in names)
        if n > most:
            best, most = i, n
    return best


def _raise_no_sample(table: Table, known: set[str]) -> NoReturn:
    raise IngestError(
        "neither a column nor a row of the table is called like a sample of the sheet",
        file=table.path,
        line=table.header_line or None,
        expected="samples such as " + listed(sorted(known), most=3),
        found="columns " + listed([c for c in table.columns if c], most=6),
        hint="name the sheet's column with this assay's sample names: `sample: COLUMN`",
    )


def read_blocks(header: MeasurementHeader, assay: Assay) -> Iterator[Block]:
    """Stream the measurements of a header's file.

    Raises
    ------
    IngestError
        A cell is no number, or a sample has two values of a measure.
    """
    if header.shape == "long":
        return long_table.read_blocks(header)
    if header.shape == "samples in rows":
        return wide_table.blocks_of_columns(header)
    return wide_table.blocks_of_rows(header, assay)


def estimated_rows(header: MeasurementHeader) -> float:
    """Return how many measures a table has; with features in rows, counted from its first rows."""
    if header.shape == "long":
        return float(header.measures.num_rows)
    if header.shape == "samples in rows":
        return float(len(header.features))
    return float(sum(len(ids) for _, (ids,) in header.table.batches([0])))


MEASUREMENTS = Format(
    name=long_table.READER,
    words="a table of measurements: one row a measurement, a sample or a measure",
    recognises=recognises,
    read_header=lambda start, assay: read_header(start.file, assay, start.known_samples),
    read_blocks=read_blocks,
    estimated_rows=estimated_rows,
    first_cells=lambda _header, _quantity: (),
    version="measurements-2",
)
