"""Row names that R and pandas put before a sheet, and empty columns behind it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ingest.read.samples.sheet import Row, is_missing
from ingest.read.samples.sheet_columns import loose
from ingest.read.samples.sheet_header import SheetTable

#: What the column of row names is called by write.csv, pandas, readr and by reading such a file.
_UNNAMED = frozenset(
    {"", "unnamed: 0", "...1", "x", "x1", "v1", "rowname", "rownames", "row.names"}
)


def with_fitting_columns(file: Path, table: SheetTable, key: str, *, is_text: bool) -> SheetTable:
    """Return a table whose header has a name, perhaps an empty one, for each of its columns.

    R's write.table leaves the corner over the row names out. Empty columns at the end go. Row
    names are taken for the column that tells the rows apart, where there is no such column.

    Parameters
    ----------
    file : Path
        For notes.
    table : SheetTable
        Header and rows as they stand in the file.
    key : str
        The column that tells the rows apart, by the study; empty if no study asks.
    is_text : bool
        Whether rows can have a field more than the header; those of a workbook cannot.
    """
    columns, body = table.header.cells, table.body
    if is_text and _lacks_corner(columns, body, key):
        columns = ("", *columns)
    while len(columns) > 1 and not columns[-1] and not any(_cell(r, len(columns)) for r in body):
        columns = columns[:-1]
    n = len(columns)
    body = tuple(row if any(row.cells[n:]) else Row(row.line, row.cells[:n]) for row in body)
    notes = table.notes
    if key and _are_names(columns, body, key):
        said = f"named `{columns[0]}`" if columns[0] else "which has no name"
        note = f"no column `{key}`: the first column, {said} (row names), is taken for it"
        notes = (*notes, f"{file.name}: {note}")
        columns = (key, *columns[1:])
    return replace(table, header=Row(table.header.line, columns), body=body, notes=notes)


def _cell(row: Row, place: int) -> str:
    return row.cells[place - 1] if len(row.cells) >= place else ""


def _lacks_corner(columns: tuple[str, ...], body: tuple[Row, ...], key: str) -> bool:
    if not all(len(row.cells) == len(columns) + 1 for row in body):
        return False
    separator_at_end = not any(row.cells[-1] for row in body)
    return not separator_at_end or (key != "" and key not in columns)


def _are_names(columns: tuple[str, ...], body: tuple[Row, ...], key: str) -> bool:
    """Whether the first column holds names of the rows, and not their numbers."""
    if columns[0].casefold() not in _UNNAMED or loose(key) in map(loose, columns):
        return False
    names = [_cell(row, 1) for row in body]
    numbers = {tuple(str(i) for i in range(start, start + len(names))) for start in (0, 1)}
    unique = len(set(names)) == len(names) and not any(map(is_missing, names))
    return unique and tuple(names) not in numbers
