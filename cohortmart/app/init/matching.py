"""Which column of a sample sheet holds the names that samples have in a matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.app.init.columns import Column, SheetTable
from cohortmart.app.init.files import Looked
from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.read.continuous.column_words import long_columns
from ingest.read.continuous.table import Table, open_table
from ingest.read.formats import header_of
from ingest.read.matrix.records import MatrixHeader, TextMatrixHeader
from ingest.read.samples.array_barcodes import arrays_of
from ingest.read.text.delimited import split_line
from ingest.read.text.raw_file import RawFile

#: Share of a matrix's names that a column must hold to be taken for its samples.
LEAST_SHARE = 0.5
#: Columns of a table that are looked at for names, and the features below which it is no matrix.
_LOOKED_AT = 50


@dataclass(frozen=True)
class Match:
    """A column of a sheet that holds the names in a matrix.

    Parameters
    ----------
    column : str or None
        None where the names are those of arrays, which the sheet's columns of slide and position
        say together.
    suffix : str or None
        What the names in the matrix have behind those in the sheet.
    share : float
        Of the matrix's names, how many the column has.
    names : tuple of str
        In the matrix.
    shape : {"columns", "rows", "long"}
        Where the samples stand: across, down, or down and again for each measure.
    """

    column: str | None
    suffix: str | None
    share: float
    names: tuple[str, ...]
    shape: str = "columns"


def match_file(looked: Looked, table: SheetTable) -> tuple[Match, ...]:
    """Return every column of a sheet that holds the names of a file's samples, the best first.

    Parameters
    ----------
    looked : Looked
        A matrix, or a table that may be one.
    table : SheetTable
        The sheet.
    """
    found = _across(looked, table)
    if not found and looked.what == "table":
        found = _down(looked.path, table)
    return tuple(sorted(found, key=lambda m: (-m.share, m.suffix is not None)))


def _across(looked: Looked, table: SheetTable) -> list[Match]:
    """Match the names above the columns of a matrix, or of a file of one sample."""
    header = looked.header
    if header is None:
        return []
    found = []
    for column in table.columns:
        match = match_names(column, header.raw_samples)
        if match is not None and match.suffix is not None:  # what is cut must stand in the file
            match = match_names(column, _as_written(header)) or match
        if match is None or (match.share, match.suffix) != (1, None):
            named = _named_by_paths(looked, column)
            match = (match_names(column, named) if named else None) or match
        if match is not None:
            found.append(match)
    barcodes = {array.barcode for array in arrays_of(table.sheet).values()}
    if barcodes and not found:
        names = header.raw_samples
        known = sum(name.removeprefix("X") in barcodes for name in names)
        if known >= LEAST_SHARE * len(names):
            found.append(Match(None, None, known / len(names), names))
    return found


def _as_written(header: MatrixHeader) -> tuple[str, ...]:
    """Return the names of the samples in a header line, where the reader has shortened them."""
    if not isinstance(header, TextMatrixHeader) or not header.header_line:
        return header.raw_samples
    with RawFile(header.path) as file:
        line = file.lines(header.header_line)[-1]
    cells = split_line(line, header.format.delimiter, header.path, header.header_line)
    fields = next(iter(header.fields.values()))
    return tuple(cells[field - 1 - header.missing_corner].strip() for field in fields)


def _named_by_paths(looked: Looked, column: Column) -> tuple[str, ...]:
    """Return the samples of a file as a column's values find them in paths of bams or of itself."""
    if not _may_name_samples(column, column.levels):
        return ()
    try:
        with RawFile(looked.path) as file:
            assay = Assay(kind="counts", files=(looked.path,))
            names = header_of(file, assay, frozenset(column.levels)).raw_samples
    except IngestError:
        return ()
    return () if looked.header is None or names == looked.header.raw_samples else names


def _down(path: Path, table: SheetTable) -> list[Match]:
    """Match the values of the columns of a table that has its samples in rows."""
    try:
        with RawFile(path) as file:
            other = open_table(file)
            heads = other.head(range(min(_LOOKED_AT, len(other.columns))))
    except IngestError:
        return []
    found = []
    for i, head in enumerate(heads):
        if pa.types.is_floating(head.type):
            continue
        names = tuple(str(x).strip() for x in pc.unique(pc.cast(head, pa.string())).to_pylist())
        for column in table.columns:
            if not _may_name_samples(column, names):
                continue
            match = match_names(column, names)
            if match is not None:
                shape = _shape(other, i, len(head) > len(names))
                found.append(Match(match.column, match.suffix, match.share, names, shape))
    return found


def _may_name_samples(column: Column, names: Sequence[str]) -> bool:
    """Whether few values of a column repeat: people and visits are no names of samples."""
    present = sum(cell is not None for cell in column.cells)
    return len(column.levels) >= 0.9 * present and len(names) > 1


def _shape(table: Table, column: int, repeats: bool) -> str:
    return "long" if long_columns(table.columns, column) is not None and repeats else "rows"


def match_names(column: Column, names: Collection[str]) -> Match | None:
    """Match names with the values of a column, as they are or less one ending that they share.

    Parameters
    ----------
    column : Column
    names : collection of str
        In the matrix.

    Returns
    -------
    Match or None
        None where the column has fewer than half of them.
    """
    values = set(column.levels)
    names = tuple(names)
    plain = sum(name in values for name in names)
    suffix = None if plain == len(names) else _ending(values, names)
    stripped = 0 if suffix is None else sum(name.removesuffix(suffix) in values for name in names)
    best = max(plain, stripped)
    if not names or best < LEAST_SHARE * len(names):
        return None
    return Match(column.name, suffix if stripped > plain else None, best / len(names), names)


def _ending(values: Collection[str], names: Sequence[str]) -> str | None:
    """Return the ending that most names have behind a value of the column."""
    endings: Counter[str] = Counter()
    for name in names:
        endings.update({name[n:] for n in range(1, len(name)) if name[:n] in values})
    if not endings:
        return None
    ending, _ = max(endings.items(), key=lambda item: (item[1], item[0]))
    return ending
