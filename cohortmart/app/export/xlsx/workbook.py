"""Excel workbooks: one for each analysis, one sheet for each of its contrasts, and a README."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from cohortmart.app.export.contrasts import Contrast, contrast_table, contrasts_of
from cohortmart.app.export.format import Format
from cohortmart.app.export.selection import Selection
from cohortmart.app.export.xlsx.readme import README, readme_rows
from cohortmart.app.export.xlsx.sheet_names import sheet_names

#: Features of an analysis up to which a sheet has all of them. Excel takes 1,048,576 rows, but
#: opens and filters a dozen such sheets no more.
MOST_FEATURES = 50_000
#: Of a larger analysis: the smallest P values that a sheet shows beside what was found.
TOP = 10_000
#: Rows that Excel takes, less the header.
_EXCEL_ROWS = 1_048_575
_WIDTHS = {"feature_id": 22, "gene_name": 16}
_WIDTH = 12
#: A workbook says when it was made; the same tables are to give the same bytes.
_CREATED = datetime(2000, 1, 1)


def write_workbooks(chosen: Selection, folder: Path) -> None:
    """Write `ANALYSIS.xlsx` for each analysis with contrasts.

    Names of features and genes are text cells, so that SEPT2 is no date, 1E5 no number and
    `=cmd` no formula. Rows are sorted by P value.

    Parameters
    ----------
    chosen : Selection
    folder : Path
    """
    for analysis in chosen.analyses:
        contrasts = contrasts_of(chosen, analysis)
        if contrasts:
            path = folder / f"{contrasts[0].shown_analysis}.xlsx"
            _write_workbook(chosen, contrasts, path)


def _write_workbook(chosen: Selection, contrasts: Sequence[Contrast], path: Path) -> None:
    import xlsxwriter

    names = sheet_names([c.name for c in contrasts], taken=[README])
    shown = sheet_names([c.shown for c in contrasts], taken=[README])
    of_contrast = dict(zip(names, shown.values(), strict=True))
    n_features = chosen.source.value(
        "select count(distinct feature_id) from fct_contrast_result where analysis = $1",
        [contrasts[0].analysis],
    )
    top = TOP if n_features > MOST_FEATURES else None
    # rows are written as they come and not kept: memory stays flat
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        book.set_properties({"created": _CREATED, "title": chosen.source.study})
        bold = book.add_format({"bold": True})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(README)
        sheet.set_column(0, 1, 28, wrapped)
        sheet.set_column(2, 2, 60, wrapped)
        sheet.set_column(3, 6, 14, wrapped)
        rows = readme_rows(chosen, contrasts, of_contrast, n_features, top)
        for i, (row, is_header) in enumerate(rows):
            for j, value in enumerate(row):
                _write(sheet, i, j, value, bold if is_header else None)
        formats = _formats(book)
        for contrast in contrasts:
            sheet = book.add_worksheet(of_contrast[contrast.name])
            table = contrast_table(chosen, contrast, order="p_value", top=top)
            _write_sheet(sheet, table.slice(0, _EXCEL_ROWS), formats, bold)


def _formats(book: Any) -> Callable[[str], Any]:
    """Return the format of each column: P values with powers of ten, others with digits."""
    scientific = book.add_format({"num_format": "0.00E+00"})
    decimal = book.add_format({"num_format": "0.000"})
    text = book.add_format({"num_format": "@"})

    def of_column(name: str) -> Any:
        if name in ("feature_id", "gene_name"):
            return text
        return scientific if name.endswith("p_value") else decimal

    return of_column


def _write_sheet(sheet: Any, table: pa.Table, formats: Callable[[str], Any], bold: Any) -> None:
    names = table.column_names
    for j, name in enumerate(names):
        sheet.set_column(j, j, _WIDTHS.get(name, _WIDTH), formats(name))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, table.num_rows, len(names) - 1)
    for j, name in enumerate(names):
        sheet.write_string(0, j, name, bold)
    of_column = [formats(name) for name in names]
    i = 0
    for batch in table.to_batches(10_000):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            i += 1
            for j, value in enumerate(row):
                _write(sheet, i, j, value, of_column[j])


def _write(sheet: Any, i: int, j: int, value: Any, form: Any) -> None:
    """Write one cell: text as text, a number as a number, what is missing not at all."""
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(i, j, value, form)
    elif isinstance(value, str):
        sheet.write_string(i, j, value, form)
    elif math.isfinite(value):
        sheet.write_number(i, j, value, form)
    else:
        sheet.write_string(i, j, str(value), form)  # Excel has no infinity


XLSX = Format(
    "xlsx", "Excel: a workbook per analysis, a sheet per contrast", write_workbooks, "xlsxwriter"
)
