"""Roles, factors and covariates: what the cells of one sample sheet mean, checked cell by cell."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import SampleSheet, Study
from cohortmart.core.study.timepoints import as_date, same_timepoint
from cohortmart.core.text import did_you_mean
from ingest.read.samples.array_barcodes import Array, arrays_of
from ingest.read.samples.sheet_cells import EXCEL_DATE, Row, Sheet, is_missing
from ingest.read.text.cell_errors import missing_words

_DAYS = (
    "give the days since the first visit in a column of their own, or name the dates under "
    "`timepoints` where all people came on the same days"
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Place:
    """Where a value stands."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file.name} line {self.line}"


@dataclass(frozen=True)
class SheetRow:
    """One row of a sheet with its cells told apart by meaning; None where the sheet says nothing.

    Parameters
    ----------
    place : Place
        The row in its file.
    sample, subject, group, timepoint, cell_type : str or None
        The five roles.
    visit_key : dict
        Column to value.
    factors : dict
        Column to value, None where missing.
    covariates : dict
        Column to number, None where missing.
    names : dict
        Assay to the names that its matrix has for this sample: one, or those of a library.
    library : str or None
        What the row belongs to with others, where study.yml says so.
    arrays : tuple of Array
        Those that it was measured on, where the sheet says so.
    """

    place: Place
    sample: str | None
    subject: str
    group: str | None
    timepoint: str | None
    cell_type: str | None
    visit_key: dict[str, str] = field(default_factory=dict)
    factors: dict[str, str | None] = field(default_factory=dict)
    covariates: dict[str, float | None] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    library: str | None = None
    arrays: tuple[Array, ...] = ()


def read_roles(sheet: Sheet, block: SampleSheet, study: Study) -> list[SheetRow]:
    """Give every cell of a sheet its meaning.

    Parameters
    ----------
    sheet : Sheet
        The file's cells.
    block : SampleSheet
        Which column means what.
    study : Study
        For the known timepoints and groups and the assays' sample columns.

    Raises
    ------
    IngestError
        A column is not there, a required cell is empty, a value is not among those of study.yml,
        or a covariate is not a number; with line and column.
    """
    reader = _CellReader(sheet)
    columns = [block.subject, block.sample, block.group, block.timepoint, block.cell_type]
    columns.append(block.library)
    for column in (*columns, *block.visit_key, *block.factors, *block.covariates):
        if column is not None:
            sheet.position(column)
    assay_columns = {
        name: assay.name_column or block.sample
        for name, assay in study.assays.items()
        if (assay.name_column or block.sample) in sheet.columns
    }
    arrays = arrays_of(sheet)
    return [
        SheetRow(
            place=Place(sheet.file, row.line),
            sample=reader.name(row, block.sample),
            subject=reader.name(row, block.subject) or "",
            group=reader.word(row, block.group, study.groups, "groups"),
            timepoint=reader.timepoint(row, block.timepoint, study.timepoints),
            cell_type=reader.required(row, block.cell_type),
            visit_key={c: reader.required(row, c) or "" for c in block.visit_key},
            factors={c: reader.optional(row, c) for c in block.factors if c not in block.visit_key},
            covariates={c: reader.number(row, c) for c in block.covariates},
            arrays=(arrays[row.line],) if row.line in arrays else (),
            names={
                assay: (cell,)
                for assay, column in assay_columns.items()
                if column is not None and (cell := reader.optional(row, column)) is not None
            },
            library=reader.optional(row, block.library) if block.library else None,
        )
        for row in sheet.rows
    ]


class _CellReader:
    """Reads the cells of one sheet by column name."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def _error(self, problem: str, row: Row, column: str, **said: str | None) -> IngestError:
        return IngestError(problem, file=self._sheet.file, line=row.line, column=column, **said)

    def optional(self, row: Row, column: str) -> str | None:
        cell = row.cells[self._sheet.position(column)]
        return None if is_missing(cell) else cell

    def required(self, row: Row, column: str | None) -> str | None:
        """Return the cell, None only where study.yml names no such column."""
        if column is None:
            return None
        cell = self.optional(row, column)
        if cell is None:
            found = row.cells[self._sheet.position(column)]
            raise self._error(
                f"`{column}` is missing",
                row,
                column,
                expected="a value in every row",
                found=f"`{found}`" if found else "an empty cell",
                hint="fill it in, or take the row out",
            )
        return cell

    def name(self, row: Row, column: str | None) -> str | None:
        """Return a name of a sample or subject."""
        cell = self.required(row, column)
        if cell is not None and self._sheet.format == "xlsx" and EXCEL_DATE.fullmatch(cell):
            raise self._error(
                "Excel has turned this name into a date",
                row,
                column or "",
                expected="a name",
                found=cell,
                hint="format the column as Text in Excel, type the name again and save",
            )
        return cell

    def word(self, row: Row, column: str | None, known: Sequence[str], key: str) -> str | None:
        """Return a cell that must be one of the words study.yml lists."""
        if column is None:
            return None
        cell = row.cells[self._sheet.position(column)]
        if cell in known:
            return cell
        cell = self.required(row, column) or ""
        raise self._error(
            f"`{cell}` is not among the {key} of study.yml",
            row,
            column,
            expected=f"one of {', '.join(known)}",
            found=cell,
            hint=did_you_mean(cell, known) or f"correct it, or add it to `{key}` in study.yml",
        )

    def timepoint(self, row: Row, column: str | None, known: Sequence[str]) -> str | None:
        """Return a timepoint as study.yml writes it: 4.0 in the sheet is 4."""
        if column is not None:
            found = same_timepoint(row.cells[self._sheet.position(column)], known)
            if found is not None:
                return found
        return self.word(row, column, known, "timepoints")

    def number(self, row: Row, column: str) -> float | None:
        cell = self.optional(row, column)
        if cell is None or cell in missing_words("any"):
            return None
        if not _NUMBER.fullmatch(cell) or math.isinf(float(cell)):
            raise self._error(
                f"the covariate `{column}` is not a number here",
                row,
                column,
                expected="a number, or NA where it is missing",
                found=cell,
                hint=_number_hint(cell),
            )
        return float(cell)


def _number_hint(cell: str) -> str:
    if re.fullmatch(r"[+-]?\d+,\d+", cell):
        return f"write {cell.replace(',', '.')}: a decimal point, not a comma"
    if cell.endswith("%"):
        return "write the number without the percent sign"
    if EXCEL_DATE.fullmatch(cell):
        return (
            "Excel has turned it into a date: format the column as a number; if a date is meant, "
            f"{_DAYS}"
        )
    if as_date(cell) is not None:
        return f"a date is no number: {_DAYS}"
    return "correct the cell, or name the column under `factors` if it holds categories"
