"""Columns of a sample sheet: their values, how often they repeat, how they nest in each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cohortmart.core.study.timepoints import as_date
from ingest.read.samples.sheet import Sheet, is_missing

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d+,\d+")
_LOCAL_DATE = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a sheet.

    Parameters
    ----------
    name : str
        In the header.
    cells : tuple of (str or None), shape (rows,)
        None where the cell stands for no value.
    """

    name: str
    cells: tuple[str | None, ...]

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """Distinct values, in the order of the rows."""
        return tuple(dict.fromkeys(c for c in self.cells if c is not None))

    @property
    def is_complete(self) -> bool:
        """Whether every row has a value."""
        return None not in self.cells

    @property
    def is_unique(self) -> bool:
        """Whether every row has a value of its own."""
        return self.is_complete and len(self.levels) == len(self.cells)

    @cached_property
    def is_number(self) -> bool:
        """Whether all values are numbers, with a decimal point."""
        return bool(self.levels) and all(_NUMBER.fullmatch(v) for v in self.levels)

    @cached_property
    def is_decimal(self) -> bool:
        """Whether all values are numbers and some have decimals."""
        return self.is_number and any(float(v) % 1 for v in self.levels)

    @cached_property
    def has_decimal_commas(self) -> bool:
        """Whether numbers are written with a comma, which a covariate cannot be."""
        numbers = [v for v in self.levels if _NUMBER.fullmatch(v) or _COMMA.fullmatch(v)]
        return len(numbers) == len(self.levels) > 0 and not self.is_number

    @cached_property
    def days(self) -> dict[str, str] | None:
        """Every value as a calendar day that sorts; None where some value is no date."""
        found = {v: day_of(v) for v in self.levels}
        known = {v: day for v, day in found.items() if day is not None}
        return known if known and len(known) == len(found) else None

    def within(self, other: Column) -> bool:
        """Whether the column has one value within each value of another."""
        return not self.varies_in(other)

    def varies_in(self, other: Column) -> set[str]:
        """Return the values of another column within which this one has several."""
        first: dict[str, str] = {}
        varying = set()
        for outer, cell in zip(other.cells, self.cells, strict=True):
            if outer is None or cell is None:
                continue
            if first.setdefault(outer, cell) != cell:
                varying.add(outer)
        return varying


@dataclass(frozen=True, eq=False)
class SheetTable:
    """A table that may be a sample sheet.

    Parameters
    ----------
    sheet : Sheet
        Its cells.
    columns : tuple of Column
        Those with a name.
    worksheet : str or None
        Of a workbook with several.
    """

    sheet: Sheet
    columns: tuple[Column, ...]
    worksheet: str | None = None

    @property
    def path(self) -> Path:
        """The file."""
        return self.sheet.file

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.sheet.rows)

    @property
    def words(self) -> str:
        """File and worksheet, for messages."""
        of = "" if self.worksheet is None else f", worksheet {self.worksheet}"
        return f"{self.path.name}{of}"

    def column(self, name: str) -> Column:
        """Return a column by its name."""
        return next(c for c in self.columns if c.name == name)


def as_table(sheet: Sheet, worksheet: str | None = None) -> SheetTable:
    """Return the columns of a sheet that have a name."""
    columns = tuple(
        Column(
            name, tuple(None if is_missing(row.cells[i]) else row.cells[i] for row in sheet.rows)
        )
        for i, name in enumerate(sheet.columns)
        if name
    )
    return SheetTable(sheet, columns, worksheet)


def keys(columns: Sequence[Column]) -> list[tuple[str | None, ...]]:
    """Return the values of several columns together, a tuple a row."""
    return list(zip(*(c.cells for c in columns), strict=True))


def day_of(text: str) -> str | None:
    """Return a date as year-month-day: 15.01.2024 and 2024-01-15; None for other words.

    Where both numbers before the year may be a month, the day comes first if dots part them.
    """
    day = as_date(text)
    if day is not None:
        return day.isoformat()
    found = _LOCAL_DATE.fullmatch(text)
    if found is None:
        return None
    first, second, year = int(found[1]), int(found[2]), found[3]
    month_first = "/" in text and first <= 12
    month, number = (first, second) if month_first else (second, first)
    if not (1 <= month <= 12 and 1 <= number <= 31):
        return None
    return f"{year}-{month:02d}-{number:02d}"
