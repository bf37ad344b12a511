"""The cells of a sample sheet as text, each row with its line in the file."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted
from ingest.read.samples.geo_series_sheet import is_series_matrix, read_series_sheet
from ingest.read.samples.row_names import with_fitting_columns
from ingest.read.samples.sdrf import is_sdrf, read_sdrf
from ingest.read.samples.sheet import Row, Sheet, is_missing
from ingest.read.samples.sheet_header import best_delimiter, find_table
from ingest.read.samples.used_columns import NO_STUDY, UsedColumns
from ingest.read.samples.worksheets import read_worksheet
from ingest.read.text.raw_file import MAX_HEADER_BYTES, RawFile

__all__ = ["EXCEL_DATE", "SHEET_READER_VERSION", "Row", "Sheet", "is_missing", "read_cells"]

#: Part of what `ingested_file` says about a sheet; raise it when the rows would differ.
SHEET_READER_VERSION = "sheet-2"

_ZIP_MAGIC = b"PK\x03\x04"
#: How a cell that Excel holds as a date comes out as text.
EXCEL_DATE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_FIRST_LINES = 20
#: Files that come in one folder with sample sheets, by their first words.
_NEIGHBOURS = {
    "MAGE-TAB Version": ("an IDF", "the SDRF beside it (.sdrf.txt)"),
    "Investigation Title": ("an IDF", "the SDRF beside it (.sdrf.txt)"),
    "^DATABASE": ("a GEO SOFT file", "the series matrix (_series_matrix.txt.gz)"),
}


def read_cells(file: Path, used: UsedColumns = NO_STUDY) -> Sheet:
    """Read a sample sheet, everything as text.

    Parameters
    ----------
    file : Path
        A table (comma, tab or semicolon), an SDRF, a GEO series matrix, each compressed or not, or
        an Excel workbook (.xlsx). What it is is decided from its content, not from its name.
        Above a table titles, comments and the sections of an Illumina sheet may stand.
    used : UsedColumns
        What the study uses of it. An SDRF and a series matrix have the columns under the study's
        spelling and one row a sample; tables stay as they are.

    Raises
    ------
    IngestError
        The file is missing, empty, not a table, or its rows do not fit its header.
    """
    with RawFile(file) as raw:
        if not raw.magic.startswith(_ZIP_MAGIC):
            if used.worksheet is not None:
                raise IngestError(
                    "`sheet` names a worksheet, but this file is no workbook",
                    file=file,
                    expected="an .xlsx file",
                    hint="take `sheet` out of `samples`",
                )
            return _read_text(raw, used)
    worksheet = read_worksheet(file, used.worksheet, used.columns)
    try:
        sheet = _checked(file, list(worksheet.rows), "xlsx", used)
    except IngestError as error:
        if not worksheet.others:
            raise
        raise IngestError(
            error.problem,
            file=error.file,
            line=error.line,
            column=error.column,
            expected=error.expected,
            found=error.found,
            hint=worksheet.hint,
        ) from error
    return replace(sheet, notes=(*worksheet.notes, *sheet.notes), elsewhere=worksheet.hint)


def _read_text(raw: RawFile, used: UsedColumns) -> Sheet:
    form = raw.text_format()
    first_line = _first_line(raw)
    packed = "" if form.compression == "none" else f"+{form.compression}"
    _refuse_neighbours(raw.path, first_line)
    if is_series_matrix(first_line):
        return read_series_sheet(raw, f"geo_series_matrix{packed}", used)
    if "\t" in first_line and is_sdrf(next(csv.reader([first_line], delimiter="\t"))):
        return read_sdrf(raw.path, _text_rows(raw, "\t"), f"sdrf{packed}", used)
    mark = best_delimiter(raw.lines(_FIRST_LINES), form.delimiter, used.columns)
    form = replace(form, delimiter=mark)
    return _checked(raw.path, _text_rows(raw, mark), form.name, used)


def _first_line(raw: RawFile) -> str:
    """Return the first line that is neither blank nor a comment, within the first few."""
    with raw.text() as stream:
        for _ in range(_FIRST_LINES):
            line = stream.readline(MAX_HEADER_BYTES).decode("utf-8", "replace").rstrip("\r\n")
            if line.strip() and not line.startswith("#"):
                return line
    return ""


def _refuse_neighbours(file: Path, first_line: str) -> None:
    for start, (found, expected) in _NEIGHBOURS.items():
        if first_line.lstrip('"').startswith(start):
            raise IngestError(
                f"this is {found}, not a sample sheet",
                file=file,
                expected=expected,
                found=first_line[:80],
                hint="name that file under `samples`",
            )


def _text_rows(raw: RawFile, delimiter: str) -> list[Row]:
    rows: list[Row] = []
    line = 1
    with raw.text() as stream:
        text = io.TextIOWrapper(stream, "utf-8", newline="")
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                rows.append(Row(line, tuple(cell.strip() for cell in cells) or ("",)))
                line = reader.line_num + 1  # a quoted cell may hold line breaks
        except csv.Error as error:
            raise IngestError(
                "the quotes in this row do not close properly",
                file=raw.path,
                line=line,
                found=str(error),
                hint='write a quote inside a quoted cell twice: ""',
            ) from error
        finally:
            text.detach()
    return rows


def _checked(file: Path, rows: list[Row], form: str, used: UsedColumns) -> Sheet:
    table = find_table(file, rows, used.columns)
    line = table.header.line
    if not table.body:
        raise IngestError(
            "the sample sheet has a header and no samples",
            file=file,
            line=line,
            hint="check that the file was written to its end",
        )
    table = with_fitting_columns(file, table, used.row_names, is_text=form != "xlsx")
    columns = table.header.cells
    _check_columns(file, line, columns)
    for row in table.body:
        if len(row.cells) != len(columns):
            raise IngestError(
                "the row does not have as many fields as the header",
                file=file,
                line=row.line,
                expected=f"{counted(len(columns), 'field')}, as in the header, line {line}",
                found=counted(len(row.cells), "field"),
                hint="quote cells that hold the separator; a short last row means a truncated file",
            )
    return Sheet(file, columns, line, table.body, form, table.notes)


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
