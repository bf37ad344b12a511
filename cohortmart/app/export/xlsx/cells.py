"""Cells of a sheet: the rows of a table as the XML of Excel, a column at a time.

A library that writes cell by cell takes minutes for the 20 million cells of a study, so only the
workbook around them (styles, filters, names) is its work. Reference: ECMA-376, part 1, 18.3.1.4.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

_COLUMN = re.compile(r'<col min="(\d+)" max="(\d+)" [^>]*?style="(\d+)"')
_DIMENSION = re.compile(r'<dimension ref="[^"]*"/>')
_END = "</sheetData>"
#: What XML 1.0 has no way to say.
_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"


def fill_sheets(book: bytes, tables: Mapping[int, Any], path: Path) -> None:
    """Write a workbook with rows below the headers of its sheets.

    Parameters
    ----------
    book : bytes
        A workbook whose sheets have a header in row 1 and a style for each column.
    tables : mapping of int to callable
        By number of the sheet, from 1, what gives its table.
    path : Path
    """
    import io

    parts = {f"xl/worksheets/sheet{number}.xml": make for number, make in tables.items()}
    with (
        zipfile.ZipFile(io.BytesIO(book)) as given,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for entry in given.infolist():
            content = given.read(entry)
            if entry.filename in parts:
                content = _filled(content.decode(), parts[entry.filename]()).encode()
            made.writestr(entry, content, zipfile.ZIP_DEFLATED)


def _filled(sheet: str, table: pa.Table) -> str:
    """Return the XML of a sheet with the rows of a table behind its header."""
    styles = {
        place: int(style)
        for first, last, style in _COLUMN.findall(sheet)
        for place in range(int(first), int(last) + 1)
    }
    head, tail = sheet.split(_END)
    corner = f"{column_letters(table.num_columns)}{table.num_rows + 1}"
    head = _DIMENSION.sub(f'<dimension ref="A1:{corner}"/>', head)
    return f"{head}{_rows(table, styles)}{_END}{tail}"


def _rows(table: pa.Table, styles: Mapping[int, int]) -> str:
    import polars as pl

    if not table.num_rows:
        return ""
    frame: Any = pl.from_arrow(table)
    number = pl.int_range(2, pl.len() + 2).cast(pl.String)
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
