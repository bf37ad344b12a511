"""Cells of a sheet: the rows of a table as the XML of Excel, a column at a time.

A library that writes cell by cell takes minutes for the 20 million cells of a study, so only the
workbook around them (styles, filters, names) is its work. Reference: ECMA-376, part 1, 18.3.1.4.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

_COLUMN = re.compile(r'<col min="(\d+)" max="(\d+)" [^>]*?style="(\d+)"')
_DIMENSION = re.compile(r'<dimension ref="[^"]*"/>')
_END = "</sheetData>"
#: Columns of a sheet that may hold more than 2 GB when it has all rows that Excel takes.
_WIDE = 15
#: What XML 1.0 has no way to say.
_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"

Rows: TypeAlias = pa.Table | pa.RecordBatchReader


def fill_sheets(
    book: bytes, tables: Mapping[int, Callable[[], Rows]], path: Path, *, level: int = 6
) -> None:
    """Write a workbook with rows below the headers of its sheets.

    Parameters
    ----------
    book : bytes
        A workbook whose sheets have a header in row 1 and a style for each column.
    tables : mapping of int to callable
        By number of the sheet, from 1, what gives its rows: a table, or batches that are written
        one after the other.
    path : Path
    level : int
        Of compression, 1 to 9.
    """
    parts = {f"xl/worksheets/sheet{number}.xml": make for number, make in tables.items()}
    with (
        zipfile.ZipFile(io.BytesIO(book)) as given,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as made,
    ):
        for entry in given.infolist():
            content = given.read(entry)
            if entry.filename not in parts:
                made.writestr(entry, content, zipfile.ZIP_DEFLATED)
                continue
            rows = parts[entry.filename]()
            # how long a sheet becomes is known at its end; only a wide one goes over 2 GB
            is_wide = len(rows.schema) > _WIDE
            with made.open(entry.filename, "w", force_zip64=is_wide) as sheet:
                for piece in _filled(content.decode(), rows):
                    sheet.write(piece.encode())


def _filled(sheet: str, rows: Rows) -> Iterator[str]:
    """Give the XML of a sheet with rows behind its header."""
    styles = {
        place: int(style)
        for first, last, style in _COLUMN.findall(sheet)
        for place in range(int(first), int(last) + 1)
    }
    head, tail = sheet.split(_END)
    dimension = ""  # of batches it is not known yet, and may be left out
    if isinstance(rows, pa.Table):
        corner = f"{column_letters(rows.num_columns)}{rows.num_rows + 1}"
        dimension = f'<dimension ref="A1:{corner}"/>'
    yield _DIMENSION.sub(dimension, head)
    first = 2
    for batch in [rows] if isinstance(rows, pa.Table) else rows:
        yield _rows(batch, styles, first)
        first += batch.num_rows
    yield f"{_END}{tail}"


def _rows(batch: pa.Table | pa.RecordBatch, styles: Mapping[int, int], first: int) -> str:
    import polars as pl

    if not batch.num_rows:
        return ""
    frame: Any = pl.from_arrow(batch)
    number = pl.int_range(first, pl.len() + first).cast(pl.String)
    cells = [
        _cell(pl.col(name), frame.schema[name], number, column_letters(i), styles.get(i, 0))
        for i, name in enumerate(frame.columns, start=1)
    ]
    row = pl.concat_str([pl.lit('<row r="'), number, pl.lit('">'), *cells, pl.lit("</row>")])
    return "".join(frame.select(row.alias("row"))["row"])


def _cell(column: Any, kind: Any, number: Any, letters: str, style: int) -> Any:
    """Return the expression of the cells of a column; of what is missing there is none."""
    import polars as pl

    def cells(content: Any, mark: str, before: str, after: str) -> Any:
        start = pl.lit(f'<c r="{letters}')
        return pl.concat_str(
            [start, number, pl.lit(f'" s="{style}"{mark}>{before}'), content, pl.lit(after)]
        )

    def text(content: Any) -> Any:
        before, after = '<is><t xml:space="preserve">', "</t></is></c>"
        return cells(content, ' t="inlineStr"', before, after)

    if kind == pl.Boolean:
        found = cells(column.cast(pl.Int8).cast(pl.String), ' t="b"', "<v>", "</v></c>")
    elif kind == pl.String:
        plain = column.str.replace_all(_CONTROL, "")
        for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            plain = plain.str.replace_all(sign, name, literal=True)
        found = text(plain)
    elif kind.is_float():
        shown = column.cast(pl.String)
        numbers = cells(shown, "", "<v>", "</v></c>")
        found = pl.when(column.is_finite()).then(numbers).otherwise(text(shown))  # no infinity
    else:
        found = cells(column.cast(pl.String), "", "<v>", "</v></c>")
    return pl.when(column.is_null()).then(pl.lit("")).otherwise(found)


def column_letters(number: int) -> str:
    """Return the letters of a column: 1 is A, 27 is AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
