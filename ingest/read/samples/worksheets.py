"""Worksheets of a workbook: their names, the one that is read, and where the samples stand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cohortmart.core.errors import IngestError
from cohortmart.core.text import did_you_mean, listed
from ingest.read.samples.sheet import Row
from ingest.read.samples.sheet_header import named_in

_TOP = 50
_SHOWN = 8


@dataclass(frozen=True)
class Worksheet:
    """One worksheet of a workbook.

    Parameters
    ----------
    name : str
        As its tab has it.
    rows : tuple of Row
        All of its rows, blank ones included, so that numbers are Excel's.
    others : tuple of str
        Names of the other worksheets.
    better : str
        One of `others` that names more of the wanted columns; empty if none does.
    notes : tuple of str
        Which one was taken where nobody said.
    """

    name: str
    rows: tuple[Row, ...]
    others: tuple[str, ...]
    better: str = ""
    notes: tuple[str, ...] = ()

    @property
    def hint(self) -> str:
        """What to do if the samples do not stand in this worksheet; empty if it is alone."""
        if not self.others:
            return ""
        names = listed([f"`{name}`" for name in self.others], most=_SHOWN)
        which = self.better or "NAME"
        there = f" (`{self.better}` names them)" if self.better else ""
        return (
            f"this is the worksheet `{self.name}`, there "
            f"{'are' if len(self.others) > 1 else 'is'} also {names}{there}: "
            f"write `sheet: {which}` under `samples`"
        )


def read_worksheet(file: Path, asked: str | None, wanted: Collection[str]) -> Worksheet:
    """Read one worksheet of an Excel workbook as text.

    Parameters
    ----------
    file : Path
        An .xlsx file.
    asked : str or None
        Name of the worksheet, or its number from 1; the first where None.
    wanted : collection of str
        Columns that the study names; they tell which worksheet may be meant.

    Raises
    ------
    IngestError
        The file is no workbook, or has no such worksheet.
    """
    import fastexcel

    try:
        book = fastexcel.read_excel(file)
        name = _chosen(file, book.sheet_names, asked)
        rows = _rows(book, name)
        others = tuple(other for other in book.sheet_names if other != name)
        sheet = Worksheet(name, rows, others)
        if not others or asked is not None:
            return sheet
        better = _better(book, sheet, wanted)
    except fastexcel.FastExcelError as error:
        raise _unreadable(file, error) from error
    note = f"{file.name} has {len(others) + 1} worksheets; only the first, `{name}`, is read"
    return replace(sheet, better=better, notes=(f"{note} (`sheet:` names another)",))


def worksheet_names(file: Path) -> tuple[str, ...]:
    """Return the names of a workbook's worksheets, in their order.

    Raises
    ------
    IngestError
        The file is no workbook.
    """
    import fastexcel

    try:
        return tuple(fastexcel.read_excel(file).sheet_names)
    except fastexcel.FastExcelError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> IngestError:
    return IngestError(
        "this workbook cannot be read",
        file=file,
        expected="a complete .xlsx file",
        found=str(error).splitlines()[0],
        hint="save it again as .xlsx or as .csv; unpack it if it is another zip archive",
    )


def _chosen(file: Path, names: list[str], asked: str | None) -> str:
    if asked is None or asked in names:
        return names[0] if asked is None else asked
    alike = [name for name in names if name.strip().casefold() == asked.casefold()]
    if len(alike) == 1:
        return alike[0]
    if asked.isdecimal() and 1 <= int(asked) <= len(names):
        return names[int(asked) - 1]
    raise IngestError(
        f"the workbook has no worksheet `{asked}`, which `sheet` names",
        file=file,
        expected="a name, or a number from 1",
        found=listed([f"`{name}`" for name in names], most=_SHOWN),
        hint=did_you_mean(asked, names) or "correct `sheet` under `samples` in study.yml",
    )


def _rows(book: Any, name: str, n_rows: int | None = None) -> tuple[Row, ...]:
    # skip_rows=0 keeps blank rows at the top, so that our row numbers are Excel's
    sheet = book.load_sheet(name, header_row=None, skip_rows=0, n_rows=n_rows, dtypes="string")
    columns = [column.to_pylist() for column in sheet.to_arrow().columns]
    return tuple(
        Row(n, tuple("" if cell is None else cell.strip() for cell in cells))
        for n, cells in enumerate(zip(*columns, strict=True), start=1)
    )


def _better(book: Any, sheet: Worksheet, wanted: Collection[str]) -> str:
    def score(rows: Collection[Row]) -> int:
        return max((named_in(row.cells, wanted) for row in list(rows)[:_TOP]), default=0)

    own = score(sheet.rows)
    if own == len(wanted):
        return ""
    scores = {name: score(_rows(book, name, _TOP)) for name in sheet.others}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > own else ""
