"""Several lines of one sample folded to one row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NoReturn

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted, listed
from ingest.read.samples.sheet import Row, Sheet, is_missing

_BETWEEN = "; "
_SHOWN = 3  # columns named in a note


def fold_rows(sheet: Sheet, key: Sequence[str], used: Collection[str]) -> Sheet:
    """Fold the rows that have the same key to one.

    A missing value contradicts nothing. In columns that the study uses the rows must agree; in
    others the values stand side by side, joined by `; `. A row whose key is missing stays alone.

    Parameters
    ----------
    sheet : Sheet
        For example one row a data file.
    key : sequence of str
        Columns that tell samples apart.
    used : collection of str
        Columns in which the rows of a sample must agree; those that the sheet lacks do not count.

    Returns
    -------
    Sheet
        Rows in the order of their first lines; the same sheet if every key stands once.

    Raises
    ------
    IngestError
        The sheet has no such column, or two rows of a sample differ in one that is used.
    """
    at = [sheet.position(column) for column in key]
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in sheet.rows:
        cells = tuple(row.cells[i] for i in at)
        alone = (*cells, str(row.line)) if any(map(is_missing, cells)) else cells
        groups.setdefault(alone, []).append(row)
    if len(groups) == len(sheet.rows):
        return sheet
    differ: dict[str, None] = {}
    rows = tuple(_folded(sheet, rows, used, differ) for rows in groups.values())
    return replace(sheet, rows=rows, notes=(*sheet.notes, _note(sheet, rows, key, list(differ))))


def _folded(
    sheet: Sheet, rows: Sequence[Row], used: Collection[str], differ: dict[str, None]
) -> Row:
    if len(rows) == 1:
        return rows[0]
    cells = []
    for i, column in enumerate(sheet.columns):
        first_with: dict[str, Row] = {}
        for row in rows:
            if not is_missing(row.cells[i]):
                first_with.setdefault(row.cells[i], row)
        if len(first_with) > 1:
            if column in used:
                _refuse(sheet, column, first_with)
            differ[column] = None
        cells.append(_BETWEEN.join(first_with) if first_with else rows[0].cells[i])
    return Row(rows[0].line, tuple(cells))


def _refuse(sheet: Sheet, column: str, first_with: dict[str, Row]) -> NoReturn:
    (value, row), (other, other_row) = list(first_with.items())[:2]
    raise IngestError(
        f"two rows of one sample differ in `{column}`, which study.yml uses",
        file=sheet.file,
        line=other_row.line,
        column=column,
        expected=f"{value}, as in line {row.line}",
        found=other,
        hint="correct one of them; if these are two samples, name a column that tells them apart "
        "under `sample`, such as `Assay Name`",
    )


def _note(sheet: Sheet, rows: Sequence[Row], key: Sequence[str], differ: Sequence[str]) -> str:
    by = " x ".join(f"`{column}`" for column in key)
    said = f"{sheet.file.name}: {counted(len(sheet.rows), 'row')} folded to {len(rows):,} by {by}"
    if not differ:
        return said
    shown = listed([f"`{column}`" for column in differ], most=_SHOWN)
    return f"{said}; where they differ ({shown}) the values stand side by side"
