"""A table of measurements, whatever file it is in: its columns, and its rows in batches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from cohortmart.core.errors import IngestError
from ingest.read.samples.sheet_cells import read_cells
from ingest.read.text.delimited import split_line
from ingest.read.text.raw_file import RawFile, open_text

PARQUET_MAGIC, ZIP_MAGIC = b"PAR1", b"PK\x03\x04"
_HEAD_LINES = 50
_BLOCK_BYTES = 8 << 20
_BATCH_ROWS = 65_536
#: Line of the first row, and the columns asked for.
Batch = tuple[int, list[Any]]


@dataclass(frozen=True)
class Table:
    """A table whose rows are read when someone asks for them.

    Parameters
    ----------
    path : Path
        The file.
    columns : tuple of str
        Names in the header, trimmed; empty for R's missing corner.
    header_line : int
        Line of the header, from 1.
    form : str
        Such as `csv+gzip`, `parquet`, `xlsx`.
    delimiter : str
        Between fields; empty where the file is no text.
    rows : tuple of tuple
        (line, cells) of each row, where the file was read as a whole (a workbook).
    """

    path: Path
    columns: tuple[str, ...]
    header_line: int
    form: str
    delimiter: str = ""
    rows: tuple[tuple[int, tuple[str, ...]], ...] = field(default=(), repr=False)

    def batches(self, positions: Sequence[int]) -> Iterator[Batch]:
        """Stream some columns, by their positions from 0, in batches of rows.

        Raises
        ------
        IngestError
            The file is damaged, or a row has too few or too many fields.
        """
        if self.form == "parquet":
            yield from _of_parquet(self, positions)
        elif self.delimiter:
            yield from _of_text(self, positions)
        else:
            for start in range(0, len(self.rows), _BATCH_ROWS):
                part = self.rows[start : start + _BATCH_ROWS]
                columns = [
                    pa.array([cells[i] for _, cells in part], pa.string()) for i in positions
                ]
                yield part[0][0], columns

    def line_of(self, row: int) -> int:
        """Return the line of a row, from 0, for messages; a row number in a Parquet file."""
        return self.rows[row][0] if self.rows else self.header_line + 1 + row

    def head(self, positions: Sequence[int]) -> list[Any]:
        """Return the first rows of some columns; empty arrays where there are no rows."""
        for _, columns in self.batches(positions):
            return columns
        return [pa.array([], pa.string()) for _ in positions]


def open_table(file: RawFile) -> Table:
    """Read the header of a table: Parquet, a workbook, or text with commas, tabs or semicolons.

    Raises
    ------
    IngestError
        The file is damaged, empty or no table.
    """
    if file.magic.startswith(PARQUET_MAGIC):
        with _parquet(file.path) as parquet:
            return Table(file.path, tuple(parquet.schema_arrow.names), 0, "parquet")
    if file.magic.startswith(ZIP_MAGIC):
        sheet = read_cells(file.path)
        rows = tuple((row.line, row.cells) for row in sheet.rows)
        return Table(file.path, sheet.columns, sheet.header_line, sheet.format, rows=rows)
    form = file.text_format()
    lines = file.lines(_HEAD_LINES)
    at = next((i for i, x in enumerate(lines) if x.strip() and not x.startswith("#")), None)
    if at is None or at + 1 >= len(lines):
        raise IngestError(
            "the table has no data rows",
            file=file.path,
            line=(at or 0) + 1,
            expected="a header and rows below it",
        )
    names = [n.strip() for n in split_line(lines[at], form.delimiter, file.path, at + 1)]
    first = split_line(lines[at + 1], form.delimiter, file.path, at + 2)
    if len(first) == len(names) + 1:
        names = ["", *names]
    return Table(file.path, tuple(names), at + 1, form.name, form.delimiter)


def _of_text(table: Table, positions: Sequence[int]) -> Iterator[Batch]:
    names = [f"f{i}" for i in range(len(table.columns))]
    wanted = [names[i] for i in positions]
    options: dict[str, Any] = {
        "read_options": pcsv.ReadOptions(
            column_names=names, block_size=_BLOCK_BYTES, use_threads=False
        ),
        "parse_options": pcsv.ParseOptions(delimiter=table.delimiter),
        "convert_options": pcsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=list(dict.fromkeys(wanted)),
            strings_can_be_null=False,
        ),
    }
    line = table.header_line + 1
    with open_text(table.path) as stream:
        for _ in range(table.header_line):
            stream.readline()
        try:
            for batch in pcsv.open_csv(pa.PythonFile(stream, mode="r"), **options):
                yield line, [batch.column(name) for name in wanted]
                line += len(batch)
        except pa.ArrowInvalid as error:
            _raise_row(table, error)


def _raise_row(table: Table, error: Exception) -> NoReturn:
    found = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", str(error))
    if found is None:
        raise IngestError(f"the rows cannot be read: {error}", file=table.path) from error
    raise IngestError(
        "the row does not have as many fields as the header",
        file=table.path,
        line=table.header_line + int(found[1]),
        expected=f"{found[2]} fields",
        found=found[3],
        hint="quote cells that hold the separator; a short last row means a truncated file",
    ) from error


def _of_parquet(table: Table, positions: Sequence[int]) -> Iterator[Batch]:
    line = 1
    with _parquet(table.path) as file:
        names = [table.columns[i] for i in positions]
        for batch in file.iter_batches(_BATCH_ROWS, columns=list(dict.fromkeys(names))):
            yield line, [_decoded(batch.column(name)) for name in names]
            line += len(batch)


def _decoded(column: Any) -> Any:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


@contextmanager
def _parquet(path: Path) -> Iterator[Any]:
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowInvalid, OSError) as error:
        raise IngestError(
            "this Parquet file cannot be read",
            file=path,
            expected="a complete Parquet file",
            found=str(error).splitlines()[0],
            hint="copy or write it again",
        ) from error
