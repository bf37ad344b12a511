"""The cells of a sample sheet as text, each row with its line in the file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cohortmart.errors import IngestError
from cohortmart.nearest import did_you_mean
from cohortmart.wording import counted
from ingest.read.text import open_text, sniff

#: Cells that stand for no value, besides the empty one.
MISSING = frozenset({"", "NA", "N/A", "#N/A", "NaN", "nan", "null"})

#: Part of what `ingested_file` says about a sheet; raise it when the rows would differ.
SHEET_READER_VERSION = "sheet-1"

_ZIP_MAGIC = b"PK\x03\x04"
#: How a cell that Excel holds as a date comes out as text.
EXCEL_DATE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")


@dataclass(frozen=True)
class Row:
    """One row of a sheet.

    Parameters
    ----------
    line : int
        Line in the text file or row in the workbook, from 1.
    cells : tuple of str
        Stripped of white space around them, in the order of the columns.
    """

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A sample sheet as text.

    Parameters
    ----------
    file : Path
        Where it was read from.
    columns : tuple of str
        Names in the header.
    header_line : int
        Line of the header, from 1.
    rows : tuple of Row
        Rows that are not blank.
    format : str
        For example `csv`, `tsv+gzip`, `xlsx`.
    notes : tuple of str
        What a user may want to know about how the file was read.
    """

    file: Path
    columns: tuple[str, ...]
    header_line: int
    rows: tuple[Row, ...]
    format: str
    notes: tuple[str, ...] = ()

    def position(self, column: str, named_by: str = "study.yml") -> int:
        """Return the index of a column, from 0.

        Parameters
        ----------
        column : str
            Name in the header.
        named_by : str
            Who asks for it, for the message.

        Raises
        ------
        IngestError
            The header has no such column.
        """
        if column in self.columns:
            return self.columns.index(column)
        named = [c for c in self.columns if c]
        hint = did_you_mean(column, named)
        if "" in self.columns:
            unnamed = "a column without a name in the header cannot be used: give it one"
            hint = f"{hint}; {unnamed}" if hint else unnamed
        raise IngestError(
            f"the sample sheet has no column `{column}`, which {named_by} names",
            file=self.file,
            line=self.header_line,
            expected=f"a column `{column}`",
            found=", ".join(named),
            hint=hint,
        )


def read_cells(file: Path) -> Sheet:
    """Read a sample sheet (csv, tsv, semicolons, compressed or not; xlsx), everything as text.

    Parameters
    ----------
    file : Path
        What it is is decided from its content, not from its name.

    Raises
    ------
    IngestError
        The file is missing, empty, not a table, or its rows do not fit its header.
    """
    if _is_workbook(file):
        return _checked(file, _workbook_rows(file), "xlsx", _workbook_notes(file))
    return _text_sheet(file)


def is_missing(cell: str) -> bool:
    """Whether a cell stands for no value."""
    return cell in MISSING


def _is_workbook(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return stream.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC


def _text_sheet(file: Path) -> Sheet:
    form = sniff(file)
    rows: list[Row] = []
    line = 1
    with open_text(file) as stream:
        text = io.TextIOWrapper(stream, "utf-8", newline="")
        reader = csv.reader(text, delimiter=form.delimiter, strict=True)
        try:
            for cells in reader:
                rows.append(_row(line, cells))
                line = reader.line_num + 1  # a quoted cell may hold line breaks
        except csv.Error as error:
            raise IngestError(
                "the quotes in this row do not close properly",
                file=file,
                line=line,
                found=str(error),
                hint='write a quote inside a quoted cell twice: ""',
            ) from error
        finally:
            text.detach()
    return _checked(file, rows, form.name)


def _workbook_rows(file: Path) -> list[Row]:
    import fastexcel

    try:
        book = fastexcel.read_excel(file)
        # skip_rows=0 keeps blank rows at the top, so that our row numbers are Excel's
        sheet = book.load_sheet(0, header_row=None, skip_rows=0, dtypes="string")
    except fastexcel.FastExcelError as error:
        raise IngestError(
            "this workbook cannot be read",
            file=file,
            expected="a complete .xlsx file",
            found=str(error).splitlines()[0],
            hint="save it again as .xlsx or as .csv",
        ) from error
    columns = [column.to_pylist() for column in sheet.to_arrow().columns]
    return [_row(n, values) for n, values in enumerate(zip(*columns, strict=True), start=1)]


def _workbook_notes(file: Path) -> tuple[str, ...]:
    import fastexcel

    names = fastexcel.read_excel(file).sheet_names
    if len(names) == 1:
        return ()
    return (f"{file.name} has {len(names)} worksheets; only the first, `{names[0]}`, is read",)


def _row(line: int, cells: Iterable[str | None]) -> Row:
    return Row(line, tuple("" if c is None else c.strip() for c in cells))


def _checked(file: Path, rows: list[Row], form: str, notes: tuple[str, ...] = ()) -> Sheet:
    filled = [row for row in rows if any(row.cells)]
    if not filled:
        raise IngestError(
            "the sample sheet is empty", file=file, hint="check that it is the right file"
        )
    header, body = filled[0], filled[1:]
    columns = header.cells
    if not body:
        raise IngestError(
            "the sample sheet has a header and no samples",
            file=file,
            line=header.line,
            hint="check that the file was written to its end",
        )
    if form != "xlsx" and all(len(row.cells) == len(columns) + 1 for row in body):
        columns = ("", *columns)  # R's write.table leaves the corner over the row names out
    _check_columns(file, header.line, columns)
    for row in body:
        if len(row.cells) != len(columns):
            raise IngestError(
                "the row does not have as many fields as the header",
                file=file,
                line=row.line,
                expected=counted(len(columns), "field"),
                found=counted(len(row.cells), "field"),
                hint="quote cells that hold the separator; a short last row means a truncated file",
            )
    return Sheet(file, columns, header.line, tuple(body), form, notes)


def _check_columns(file: Path, line: int, columns: tuple[str, ...]) -> None:
    seen: dict[str, int] = {}
    for number, name in enumerate(columns, start=1):
        if name and name in seen:
            raise IngestError(
                f"two columns are named `{name}`",
                file=file,
                line=line,
                column=number,
                expected="every column name once",
                found=f"`{name}` in columns {seen[name]} and {number}",
                hint="rename or remove one of them",
            )
        seen[name] = number
